/** Node's codes for a certificate that nobody known vouches for, or that is another host's. */
export const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/
