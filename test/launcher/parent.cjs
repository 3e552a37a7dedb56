console.log(process.ppid);
