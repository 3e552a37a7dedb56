// Assertions about types: `type Checks = [Expect<Equal<Actual, Expected>>]` compiles only if the two types are identical.

export type Equal<Left, Right> =
  (<Type>() => Type extends Left ? 1 : 2) extends (<Type>() => Type extends Right ? 1 : 2) ? true : false;

export type Expect<Holds extends true> = Holds;
