// What does not make sense in a configuration, and why: data only. With `tests`, those single tests fail there, and a run that finds one of
// them passing fails; without, the file is not run there. With `lines`, it is so on those Node lines alone.

export const exclusions = [
  {
    configurations: ['worker'],
    file: 'test/libraries/libc.test.js',
    tests: ['the environment is that of process.env'],
    reason: "a Worker's process.env is a copy, which the C library does not see",
  },
];
