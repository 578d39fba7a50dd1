/** The HTTP API of a running controller. */
export { ApiAddressError, type ApiOptions, type ApiServer, serveApi } from './server.js';
