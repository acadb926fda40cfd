#include "protocols/link/frame_codec.hpp"

#include "protocols/codec/reader.hpp"

namespace holdfast::link {

void append_header(bytes& to, const frame_header& header) {
  codec::writer w;
  w.put(header.length);
  w.put(header.kind);
  w.put(header.flags);
  w.put(header.correlation);
  append(to, w.data());
}

std::uint64_t charge_of(std::size_t payload_bytes, traffic_class lane) {
  auto frame = limits::frame_bytes_max(lane);
  auto frames = std::max<std::size_t>(1, (payload_bytes + frame - 1) / frame);
  return payload_bytes + frames * frame_header_bytes;
}

frame_writer::frame_writer(traffic_class lane, message_kind kind, bool reply, std::uint64_t correlation, bytes_view payload)
    : lane_(lane), rest_(payload) {
  header_.kind = kind;
  header_.flags = reply ? frame_flags::reply : 0;
  header_.correlation = correlation;
}

std::size_t frame_writer::next_bytes() const { return frame_header_bytes + std::min(rest_.size(), limits::frame_bytes_max(lane_)); }

void frame_writer::append_next(bytes& to) {
  auto part = rest_.first(std::min(rest_.size(), limits::frame_bytes_max(lane_)));
  rest_ = rest_.subspan(part.size());
  done_ = rest_.empty();
  auto header = header_;
  header.length = static_cast<std::uint32_t>(part.size());
  if (!done_) header.flags |= frame_flags::more;
  append_header(to, header);
  append(to, part);
}

void frame_reader::open_up(traffic_class lane, intake allowed) {
  lane_ = lane;
  allowed_ = allowed;
  open_ = true;
}

// Everything a header can get wrong is refused here, before its payload is given memory.
outcome frame_reader::begin_frame() {
  codec::reader r(header_);
  frame_header h;
  if (!r.get(h.length) || !r.get(h.kind) || !r.get(h.flags) || !r.get(h.correlation)) return fail(r.failure("frame header"));
  if ((h.flags & ~frame_flags::all) != 0) return fail(errc::malformed, "frame header has unknown flags");
  if (!open_ && h.kind != message_kind::hello) return fail(errc::malformed, "the first frame is not a hello");
  if (is_control(h.kind)) {
    if (h.flags != 0 || h.correlation != 0) return fail(errc::malformed, "a control frame has flags or a correlation");
    if (h.length > limits::hello_bytes_max) return fail(errc::over_limit, "a control frame of " + std::to_string(h.length) + " bytes");
    control_ = message{h.kind, false, 0, {}, 0};
  } else if (auto begun = begin_payload(h); !begun) {
    return begun;
  }
  header_.clear();
  frame_ = h;
  frame_left_ = h.length;
  return {};
}

outcome frame_reader::begin_payload(const frame_header& h) {
  if (allowed_.membership_alone && h.kind != message_kind::membership) {
    return fail(errc::denied, "without an admission only membership messages are taken");
  }
  auto frame_max = limits::frame_bytes_max(lane_);
  if (h.length > frame_max) return fail(errc::over_limit, "a frame of " + std::to_string(h.length) + " bytes exceeds the bound");
  if ((h.flags & frame_flags::more) != 0 && h.length != frame_max) return fail(errc::malformed, "a frame that goes on is not full");
  bool reply = (h.flags & frame_flags::reply) != 0;
  if (continuing_) {
    bool same = h.kind == partial_.kind && h.correlation == partial_.correlation && reply == partial_.reply;
    if (!same || h.length == 0) return fail(errc::malformed, "a frame does not go on with the message before it");
  } else {
    partial_ = message{h.kind, reply, h.correlation, {}, 0};
  }
  if (partial_.payload.size() + h.length > allowed_.message_bytes_max) {
    return fail(errc::over_limit, "a message exceeds the " + std::to_string(allowed_.message_bytes_max >> 10) + " KiB that this peer may send");
  }
  if (!continuing_) partial_.payload.reserve(h.length);
  partial_.charged += frame_header_bytes + h.length;
  return {};
}

outcome frame_reader::feed(bytes_view data, const sink& on_message) {
  while (true) {
    if (!frame_) {
      auto part = data.first(std::min(data.size(), frame_header_bytes - header_.size()));
      append(header_, part);
      data = data.subspan(part.size());
      if (header_.size() < frame_header_bytes) return {};
      if (auto begun = begin_frame(); !begun) return begun;
    }
    auto& target = is_control(frame_->kind) ? control_ : partial_;
    auto part = data.first(std::min(data.size(), frame_left_));
    append(target.payload, part);
    data = data.subspan(part.size());
    frame_left_ -= part.size();
    if (frame_left_ > 0) return {};
    bool more = (frame_->flags & frame_flags::more) != 0;
    if (&target == &partial_) continuing_ = more;
    frame_.reset();
    if (more) continue;
    if (auto taken = on_message(std::exchange(target, {})); !taken) return taken;
  }
}

}  // namespace holdfast::link
