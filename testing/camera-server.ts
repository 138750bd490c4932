import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export interface CameraServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly requests: IncomingMessage[];
}

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A camera that gives these answers one after another, and the last one for ever. It goes away with the test. */
export async function camera(...answers: Answer[]): Promise<CameraServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)]!;
    requests.push(request);
    void answer(response, request);
  });
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

export const multipart = 'multipart/x-mixed-replace; boundary=frame';

/** Frames as most cameras send them. */
export const parts = (frames: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    frames.flatMap((frame) => [
      Buffer.from(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${frame.length}\r\n\r\n`),
      frame,
      Buffer.from('\r\n'),
    ]),
  );

/** Sends `content`, and then `after` happens. */
export function sends(
  content: Uint8Array,
  contentType = multipart,
  after: (response: ServerResponse) => void = (response) => response.end(),
): Answer {
  return (response) => {
    response.writeHead(200, contentType ? { 'content-type': contentType } : {});
    response.write(content, () => setTimeout(() => after(response), 20));
  };
}

export const breaksOff = (response: ServerResponse): void => void response.destroy();
export const staysSilent = (): void => undefined;

export function answers(status: number, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(status, headers).end();
}
