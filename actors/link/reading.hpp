// Stops and resumes reading from a connection, whenever either is called.
//
// CAF's multiplexer applies changes of what it waits for at the end of its round. A stream's `activate`, which is behind
// `trigger`, goes by another sign: whether it has a reader, and that is let go of only when a removal has been applied. So
// `halt` and `trigger` in one round leave the removal standing, `trigger` and `halt` in one round leave a reader without a
// registration, and neither connection is ever read again. Here the registration itself is asked for as well: the multiplexer
// drops a wish that changes nothing and cancels one that is waiting.
#pragma once

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/scribe_impl.hpp>

namespace holdfast::actors {

inline void halt_reading(caf::io::scribe& connection) { connection.halt(); }

inline void resume_reading(caf::io::scribe& connection) {
  struct opened : caf::io::network::scribe_impl {
    static auto member() { return &opened::stream_; }
  };
  connection.trigger();
  auto& stream = static_cast<caf::io::network::scribe_impl&>(connection).*opened::member();  // every scribe of a multiplexer is one
  stream.backend().add(caf::io::network::operation::read, stream.fd(), &stream);
}

}  // namespace holdfast::actors
