// For node --import: any attempt to connect, or to look up a name, ends the process with 9.
import dns from 'node:dns';
import net from 'node:net';

const end = () => process.exit(9);
net.Socket.prototype.connect = end;
dns.lookup = end;
