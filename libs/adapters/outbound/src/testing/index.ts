export { type SelfSignedCertificate, selfSignedCertificate } from './self-signed-certificate.js';
