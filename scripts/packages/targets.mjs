// The platforms that Ferrule has a package for, data only: one for each pair of Node's platform and processor, and on Linux one for each C
// library. The package of a target is `@ferrule/<name>`.
//
//   name      what the package and the binary in it are called, and what lib/target.js calls the platform
//   os, cpu   Node's process.platform and process.arch; the package manager installs the package only there
//   libc      the C library by the package managers' name for it; only where there is a choice
//   target    Rust's name for the platform

export const targets = [
  { name: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc', target: 'x86_64-unknown-linux-gnu' },
  { name: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl', target: 'x86_64-unknown-linux-musl' },
  { name: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc', target: 'aarch64-unknown-linux-gnu' },
  { name: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl', target: 'aarch64-unknown-linux-musl' },
  { name: 'linux-arm-gnu', os: 'linux', cpu: 'arm', libc: 'glibc', target: 'armv7-unknown-linux-gnueabihf' },
  { name: 'linux-arm-musl', os: 'linux', cpu: 'arm', libc: 'musl', target: 'armv7-unknown-linux-musleabihf' },
  { name: 'darwin-x64', os: 'darwin', cpu: 'x64', target: 'x86_64-apple-darwin' },
  { name: 'darwin-arm64', os: 'darwin', cpu: 'arm64', target: 'aarch64-apple-darwin' },
  { name: 'win32-x64', os: 'win32', cpu: 'x64', target: 'x86_64-pc-windows-msvc' },
  { name: 'win32-arm64', os: 'win32', cpu: 'arm64', target: 'aarch64-pc-windows-msvc' },
  { name: 'freebsd-x64', os: 'freebsd', cpu: 'x64', target: 'x86_64-unknown-freebsd' },
  { name: 'freebsd-arm64', os: 'freebsd', cpu: 'arm64', target: 'aarch64-unknown-freebsd' },
  { name: 'freebsd-arm', os: 'freebsd', cpu: 'arm', target: 'armv7-unknown-freebsd' },
];

export const packageOf = ({ name }) => `@ferrule/${name}`;
