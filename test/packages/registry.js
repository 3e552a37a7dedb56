'use strict';

// A package registry on this machine, with the packages that it is given: what the package managers do with them is what they do with published
// ones, and nothing is asked for from elsewhere.

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');

// What a registry says of a package that has one version.
function documentOf({ manifest, tarball }, origin) {
  const dist = { tarball: `${origin}/tarballs/${manifest.name}` };
  if (tarball !== undefined) {
    const bytes = fs.readFileSync(tarball);
    dist.integrity = `sha512-${crypto.createHash('sha512').update(bytes).digest('base64')}`;
    dist.shasum = crypto.createHash('sha1').update(bytes).digest('hex');
  }
  const { name, version } = manifest;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    // Some package managers install nothing that has come out just now.
    time: { [version]: '2020-01-01T00:00:00.000Z' },
  };
}

// Starts it and resolves to `{ origin, fetched, close }`. `packages` are `{ manifest, tarball }`; without a tarball a package is known, but
// cannot be installed. `fetched` has the names of the packages whose tarballs were asked for.
exports.serve = async function serve(packages) {
  const byName = new Map(packages.map((entry) => [entry.manifest.name, entry]));
  const fetched = [];
  const server = http.createServer((request, response) => {
    const [, isTarball, name] = /^\/(tarballs\/)?(.*)$/.exec(decodeURIComponent(request.url));
    const found = byName.get(name);
    if (isTarball) fetched.push(name);
    if (found === undefined || (isTarball && found.tarball === undefined)) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    } else if (isTarball) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(fs.readFileSync(found.tarball));
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(documentOf(found, origin)));
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, fetched, close: () => new Promise((resolve) => { server.close(resolve).closeAllConnections(); }) };
};
