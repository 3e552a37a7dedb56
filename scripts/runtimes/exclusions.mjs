export const exclusions = [];
