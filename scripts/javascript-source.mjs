// What a JavaScript (or declaration) file asks for: the strings it imports or requires, without running or parsing it.

const keywordsBeforeExpression = new Set([
  'await', 'case', 'delete', 'do', 'else', 'in', 'new', 'of', 'return', 'throw', 'typeof', 'void', 'yield',
]);

/** Splits source text into words, strings and punctuation, without comments, regular expressions and template text. */
export function tokenize(source) {
  const tokens = [];
  // Template literals hold expressions, which hold blocks: what a closing brace returns to.
  const braces = [];
  let line = 1;
  let at = 0;
  const push = (kind, text) => tokens.push({ kind, text, line });
  const skipTo = (end) => {
    for (; at < end; at += 1) if (source[at] === '\n') line += 1;
  };
  const template = () => {
    while (at < source.length) {
      if (source[at] === '\\') skipTo(at + 2);
      else if (source[at] === '`') return skipTo(at + 1);
      else if (source.startsWith('${', at)) {
        braces.push('template');
        return skipTo(at + 2);
      } else skipTo(at + 1);
    }
    return undefined;
  };
  while (at < source.length) {
    const character = source[at];
    const rest = source.slice(at, at + 2);
    if (/\s/.test(character)) skipTo(at + 1);
    else if (rest === '//') skipTo(endOf(source, '\n', at));
    else if (rest === '/*') skipTo(endOf(source, '*/', at + 2) + 2);
    else if (character === '"' || character === "'") {
      const [literal] = /^(["'])(?:(?!\1)[^\\\n]|\\[^])*\1?/.exec(source.slice(at));
      push('string', literal.slice(1, -1));
      skipTo(at + literal.length);
    } else if (character === '`') {
      push('template', '`');
      skipTo(at + 1);
      template();
    } else if (character === '/' && startsExpression(tokens.at(-1))) {
      const [literal] = /^\/(?:\[(?:[^\]\\\n]|\\.)*\]|[^/\\\n]|\\.)*\/?\w*/.exec(source.slice(at));
      push('regexp', '/');
      skipTo(at + literal.length);
    } else if (/[\p{ID_Start}$_]/u.test(character)) {
      const [word] = /^[\p{ID_Continue}$\u200c\u200d]+/u.exec(source.slice(at));
      push('word', word);
      skipTo(at + word.length);
    } else if (character === '}' && braces.pop() === 'template') {
      skipTo(at + 1);
      template();
    } else {
      if (character === '{') braces.push('block');
      push('punctuation', character);
      skipTo(at + 1);
    }
  }
  return tokens;
}

function endOf(source, text, from) {
  const end = source.indexOf(text, from);
  return end === -1 ? source.length : end;
}

/** Whether a slash after this token starts a regular expression: where a value has just ended, it divides. */
function startsExpression(before) {
  if (!before) return true;
  if (before.kind === 'word') return keywordsBeforeExpression.has(before.text);
  return before.kind === 'punctuation' && !/[)\]}\d]/.test(before.text);
}

/**
 * Everything a file imports, requires or resolves, as `{ specifier, line, named }`. Paths are also put together in other ways
 * (`path.join(__dirname, 'file.js')`, `new URL('./file.mjs', import.meta.url)`), so each other string that ends like a file's
 * name is there too, with `named` set: whether it is one, the caller knows.
 */
export function importsOf(source) {
  const tokens = tokenize(source);
  const found = [];
  tokens.forEach(({ kind, text, line }, index) => {
    if (kind !== 'string') return;
    const [before, beforeThat, third, fourth] = [1, 2, 3, 4].map((distance) => tokens[index - distance]?.text);
    const resolved = beforeThat === 'resolve' && third === '.' && (fourth === 'require' || fourth === 'meta');
    const called = before === '(' && (beforeThat === 'require' || beforeThat === 'import' || resolved);
    const declared = (before === 'from' || before === 'import') && tokens[index - 1].kind === 'word';
    const named = /^[\w./-]+\.([cm]?js|node)$/.test(text);
    if (called || declared) found.push({ specifier: text, line, named: false });
    else if (named) found.push({ specifier: text, line, named: true });
  });
  return found;
}
