/** Why there is no connection, in words that tell an operator what to look at. */
import { messageOf } from '../../src/errors/index.js';

/** MQTT 5 reason codes [MQTT 5, 2.4] that an operator can do something about; 4 and 5 are MQTT 3.1.1's. */
const reasons: Record<number, string> = {
  4: 'refused the user name or password',
  5: 'does not let this client in; check mqtt.username and mqtt.password',
  132: 'does not speak MQTT 5',
  133: 'refused the client id, which is the device’s name',
  134: 'refused the user name or password',
  135: 'does not let this client in; check mqtt.username and mqtt.password',
  136: 'is not available',
  137: 'is busy',
  138: 'has banned this client',
  139: 'is shutting down',
  141: 'heard nothing from us for too long',
  149: 'says that a packet was too large',
  151: 'says that a quota is used up',
  159: 'sees too many connections',
};

/** Session taken over [MQTT 5, 2.4]: a client id is a device's name. */
export const TAKEN_OVER = 142;

const systemErrors: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'the host’s name is not known',
  EAI_AGAIN: 'the host’s name could not be looked up; is there a network?',
  EHOSTUNREACH: 'the host can’t be reached',
  ENETUNREACH: 'there is no network to reach it',
  ETIMEDOUT: 'the host does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by an unknown authority; set mqtt.ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority; set mqtt.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority; set mqtt.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority; set mqtt.ca',
  CERT_HAS_EXPIRED: 'its certificate has expired (or this clock is wrong)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (or this clock is wrong)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
};

/** One line for a failed or lost connection; `url` is the broker's, `device` our name there. */
export function inPlainWords(url: string, error: unknown, device: string): string {
  const code = reasonOf(error);
  if (code === TAKEN_OVER)
    return `broker ${url}: another agent connects as ${device}, and each takes the connection from the other; give one of them another name`;
  if (typeof code === 'number') return `broker ${url} ${reasons[code] ?? `refused with MQTT reason code ${code}`}`;
  if (typeof code === 'string') {
    const known = systemErrors[code];
    if (known !== undefined) return `broker ${url}: ${known} [${code}]`;
    if (/ALERT/.test(code)) return `broker ${url}: it refused our certificate, or wants one; see mqtt.cert [${code}]`;
  }
  return `broker ${url}: ${messageOf(error)}`;
}

/** The reason code of MQTT, or the system's name of the error; undefined where it has none. */
export function reasonOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
