// For node --import: calls of the file system fail with DISK_FAULT, as `symlink EPERM` or `write ENOSPC 100000` (bytes
// that a file can take before).
import promises from 'node:fs/promises';

const [call, code, room = '0'] = process.env.DISK_FAULT.split(' ');

function fail() {
  throw Object.assign(new Error(`${code}: simulated, ${call}`), { code, syscall: call });
}

if (call === 'write') {
  const { open } = promises;
  promises.open = async (...args) => {
    const handle = await open(...args);
    const { write } = handle;
    handle.write = (buffer, offset, length, position) =>
      position + length > Number(room) ? fail() : write.call(handle, buffer, offset, length, position);
    return handle;
  };
} else {
  promises[call] = async () => fail();
}
