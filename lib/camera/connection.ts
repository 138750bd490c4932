import { PassingFault } from '../connections/faults.js';
import { retryAfterMs } from '../connections/retry.js';
import { redirection, request, type Answer } from '../connections/request.js';
import { cameraAddress, type CameraAddress } from './address.js';

/** A camera's answer, whose content has not been read yet. */
export interface Connection {
  /** Bytes as they come; ending the iteration closes the connection. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** `stream`: goes on until the camera ends it; `film`: a file of many frames; `jpeg`, `picture`: a single one. */
  readonly kind: 'stream' | 'film' | 'jpeg' | 'picture';
  /** As the camera calls it: `multipart/x-mixed-replace`. */
  readonly contentType: string;
}

/** What will be so next time too, unless the camera is just starting. `message` continues "…: ". */
export class Refusal extends Error {}

const maxRedirects = 5;

/** Content that a camera sends in the place of pictures: its login page, a message, a playlist. */
const noPictures =
  /^(?:text\/html|application\/(?:xhtml\+xml|xml|json|dash\+xml|vnd\.apple\.mpegurl|x-mpegurl)|video\/(?:mp4|mp2t|webm))$/;

/**
 * Asks a camera for its pictures.
 *
 * @throws {PassingFault} what may go better next time
 * @throws {Refusal}
 * @throws `signal.reason`
 */
export async function connect(camera: CameraAddress, stallTimeoutMs: number, signal: AbortSignal): Promise<Connection> {
  let address = camera;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const answer = await ask(address, stallTimeoutMs, signal);
    if (answer.response.ok) return connection(answer);
    await answer.body.cancel();
    const next = nextAddress(answer.response, address);
    if (!next) throw refused(answer.response, address);
    address = next;
  }
  throw new Refusal(`it leads on to another address more than ${maxRedirects} times`);
}

function ask({ url, authorization }: CameraAddress, stallTimeoutMs: number, signal: AbortSignal): Promise<Answer> {
  const headers = {
    accept: 'multipart/x-mixed-replace, image/*, */*;q=0.5',
    ...(authorization !== undefined && { authorization }),
  };
  return request(url, { headers }, stallTimeoutMs, signal);
}

async function connection({ response, body }: Answer): Promise<Connection> {
  const contentType = response.headers.get('content-type')?.split(';')[0]!.trim().toLowerCase() ?? '';
  if (noPictures.test(contentType)) {
    await body.cancel();
    throw new Refusal(
      `it answers with ${contentType}, not with pictures; the camera's manual has the address of its Motion JPEG stream or of a snapshot`,
    );
  }
  const chunks = body.chunks();
  // Some cameras give a stream a length that it never reaches.
  const isMultipart = contentType.startsWith('multipart/');
  if (contentType.startsWith('image/'))
    return { chunks, kind: /^image\/p?jpe?g$/.test(contentType) ? 'jpeg' : 'picture', contentType };
  return { chunks, kind: !isMultipart && response.headers.has('content-length') ? 'film' : 'stream', contentType };
}

/** Where a response leads, if it leads anywhere. User and password go to the same origin alone. */
function nextAddress(response: Response, from: CameraAddress): CameraAddress | undefined {
  const url = redirection(response, from.url);
  if (url === 'nowhere') throw new Refusal('it leads on to an address that is none');
  if (!url) return undefined;
  const to = cameraAddress(url);
  return from.authorization !== undefined && to.url.origin === from.url.origin
    ? { authorization: from.authorization, ...to }
    : to;
}

function refused({ status, headers }: Response, address: CameraAddress): Error {
  if (status === 408 || status === 429 || status >= 500)
    return new PassingFault(`it answered with status ${status}`, retryAfterMs(headers.get('retry-after')));
  return new Refusal(
    status === 401 ? whyUnauthorized(headers, address) : `it answered with status ${status}. Check the address`,
  );
}

function whyUnauthorized(headers: Headers, { authorization }: CameraAddress): string {
  const asked = headers.get('www-authenticate') ?? 'Basic';
  if (!/\bbasic\b/i.test(asked)) {
    const [scheme] = asked.split(/[\s,]/);
    return `it asks for ${scheme!} authentication (status 401), and only Basic is known here. Set the camera to it, or use curl: curl -sN --anyauth -u USER URL | ghostnet classify -`;
  }
  if (authorization !== undefined) return 'it refuses the user or the password of the address (status 401)';
  return 'it asks for a user and a password (status 401). Put them into the address: http://USER:PASSWORD@HOST/…, encoded as URLs are (%40 for @)';
}
