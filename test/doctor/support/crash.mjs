// Preloaded into the doctor's processes: one that would run native code ends as a crash ends it.
if (process.argv[1]?.includes('errands-child')) process.kill(process.pid, 'SIGSEGV');
