// The headers that every answer carries, also those that nobody thought of. Rules of their own (a
// page's policy with its nonce, an asset's caching) come with the answer and stay.
#pragma once

#include "http/message.hpp"

namespace hedgerow::http {

// `tls`: TLS ends in this process, so that this port can promise it for the future.
void add_security_headers(Response& response, bool tls);

}  // namespace hedgerow::http
