/** The HTTP API of a running controller. */
export { ApiAddressError, type ApiOptions, type ApiServer, type ApplyAnswer, serveApi } from './server.js';
