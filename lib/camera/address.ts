import { GhostNetError } from '../errors.js';
import { shownAddress } from '../messages/address.js';
import { hrefOf } from '../arguments/file-url.js';

/** Where a camera's pictures are. */
export interface CameraAddress {
  /** Without user and password, which fetch does not take. */
  readonly url: URL;
  /** For the address's own origin alone. */
  readonly authorization?: string;
  /** As it may be printed: some cameras take the password in the query. */
  readonly shown: string;
}

const videoProtocols = ['rtsp:', 'rtsps:', 'rtmp:', 'rtmps:', 'rtp:', 'udp:', 'srt:', 'mms:'];

/** Whether `text` is an address that {@link cameraAddress} has an answer to. */
export function isCameraAddress(text: string): boolean {
  const protocol = /^[a-z][a-z\d+.-]+:(?=\/\/)/i.exec(text)?.[0].toLowerCase();
  return protocol !== undefined && ['http:', 'https:', ...videoProtocols].includes(protocol);
}

/**
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT, without what is secret in the address; for video that is not read here it
 *   has the command that turns it into JPEG frames.
 */
export function cameraAddress(address: string | URL): CameraAddress {
  const text = typeof address === 'string' ? address : hrefOf(address);
  if (text === undefined || !URL.canParse(text))
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      'The address of a camera should be a URL as http://camera/stream, and this is none.',
    );
  const url = new URL(text);
  if (videoProtocols.includes(url.protocol)) {
    const name = url.protocol.slice(0, -1);
    const message =
      `${name} streams are video, which ffmpeg turns into JPEG frames: ` +
      `ffmpeg -i '${shownAddress(url)}' -f image2pipe -c:v mjpeg - | ghostnet classify - (with the whole address: user, password and query are left out here)`;
    throw new GhostNetError('ERR_GHOST_ARGUMENT', `${message}.`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `The address of a camera should begin with http:// or https://, found ${url.protocol}.`,
    );
  }
  const { username, password } = url;
  url.username = url.password = url.hash = '';
  const authorization =
    username || password
      ? `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
      : undefined;
  return { url, shown: shownAddress(url), ...(authorization !== undefined && { authorization }) };
}

/** A password may have a % that encodes nothing: it stands for itself. */
function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
