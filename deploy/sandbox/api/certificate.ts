/** A self-signed certificate for servers on this machine, made in memory: kubectl sends tokens over TLS only. */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** PEM texts, as node:https takes them. `cert` is its own authority. */
export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;

/** For `hosts` (DNS names and IPv4 addresses), valid from a day before `wallMs` for a year. Source: RFC 5280. */
export function selfSignedCertificate(hosts: readonly string[], wallMs: number): TlsMaterial {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const name = sequence(set(sequence(oid('550403'), utf8('modelled fleet'))));
  const extensions = [
    extension('551d13', true, sequence(boolean(true))), // basicConstraints: an authority
    extension('551d0f', true, der(0x03, hex('0284'), hex(''))), // keyUsage: digitalSignature, keyCertSign
    extension('551d25', false, sequence(oid('2b06010505070301'))), // extKeyUsage: serverAuth
    extension('551d0e', false, der(0x04, createHash('sha1').update(publicKey).digest())), // subjectKeyIdentifier
    extension('551d11', false, sequence(...hosts.map(generalName))), // subjectAltName
  ];
  const body = sequence(
    der(0xa0, der(0x02, hex('02'))), // version 3
    der(0x02, Buffer.concat([hex('01'), randomBytes(15)])), // serial number, positive
    ECDSA_SHA256,
    name,
    sequence(time(wallMs - DAY_MS), time(wallMs + VALID_DAYS * DAY_MS)),
    name,
    publicKey,
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, createPrivateKey(privateKey));
  const certificate = sequence(body, ECDSA_SHA256, der(0x03, hex('00'), signature));
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return { key: privateKey, cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` };
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Tag, length, value; lengths above 127 in the long form. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const bytes = value.length < 128 ? hex('') : hex(value.length.toString(16).padStart(value.length > 255 ? 4 : 2, '0'));
  const head = value.length < 128 ? [tag, value.length] : [tag, 0x80 | bytes.length];
  return Buffer.concat([Buffer.from(head), bytes, value]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
const oid = (encoded: string): Buffer => der(0x06, hex(encoded));
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const boolean = (value: boolean): Buffer => der(0x01, hex(value ? 'ff' : '00'));
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

/** UTCTime, which RFC 5280 wants up to the year 2049. */
const time = (wallMs: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(wallMs).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), der(0x04, value));

const generalName = (host: string): Buffer =>
  isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
