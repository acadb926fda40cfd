// What a connection hands up: frames, however the bytes are cut, the greetings of a handshake, credits and heartbeats.
#include "protocols/link/credit.hpp"
#include "protocols/link/frame_codec.hpp"
#include "protocols/link/heartbeat.hpp"
#include "protocols/link/hello.hpp"
#include "tests/fuzz/round_trip.hpp"

using namespace holdfast;

using all = fuzz::decoders<link::greeting, link::hello, link::credit_grant, link::heartbeat>;
HOLDFAST_FUZZ_EXAMPLES(all::example)

namespace {

struct reading {
  bytes taken;  ///< all messages, one after the other
  bool ok = true;
};

reading read_frames(bytes_view input, link::traffic_class lane, std::size_t piece_bytes) {
  link::frame_reader reader(lane);
  reader.open_up(lane);
  reading r;
  auto sink = [&](link::message m) -> outcome {
    codec::writer w;
    w.put(m.kind);
    w.put(m.reply);
    w.put(m.correlation);
    w.put(m.payload);
    append(r.taken, w.data());
    return {};
  };
  while (r.ok && !input.empty()) {
    auto piece = input.first(std::min(piece_bytes, input.size()));
    input = input.subspan(piece.size());
    r.ok = reader.feed(piece, sink).has_value();
    fuzz::must(reader.held_bytes() <= link::limits::message_bytes_max + link::limits::hello_bytes_max + link::frame_header_bytes);
  }
  return r;
}

void frames(bytes_view input) {
  auto lane = static_cast<link::traffic_class>(input[0] % 3);
  auto whole = read_frames(input.subspan(1), lane, input.size());
  auto pieces = read_frames(input.subspan(1), lane, 1 + input[0] / 3);
  fuzz::must(whole.ok == pieces.ok && whole.taken == pieces.taken);
}

void greet(bytes_view input) {
  auto verify = [](bytes_view, const digest&, wall_time) -> result<link::peer_info> { return fail(errc::bad_signature, "nobody is known"); };
  link::handshake listener({}, {}, verify);
  listener.start({});
  auto step = listener.on_greeting({}, input);
  fuzz::must(step.failed || !step.send.empty() || !step.up);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes_view input(data, size);
  all::round_trip(input);
  frames(input);
  greet(input.subspan(1));
  return 0;
}
