// Errors are values: a code that a caller may act on, and a sentence for a person.
//
// Each room has one error enum. An enum joins in by a specialisation of `error_room` that names its room; the pair
// {room, code} is what programs compare, the sentence says what happened, to what, and what to do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tl/expected.hpp>

namespace holdfast {

/// Specialised per error enum: `static constexpr std::string_view name` is the room's name.
template <class Enum>
struct error_room;

/// What went wrong. Copyable; empty messages are allowed but never shown to a person without the code.
class error {
 public:
  template <class Enum>
    requires std::is_enum_v<Enum>
  error(Enum code, std::string message)
      : room_(error_room<Enum>::name), code_(static_cast<std::uint16_t>(code)), message_(std::move(message)) {}

  std::string_view room() const { return room_; }
  std::uint16_t code() const { return code_; }
  const std::string& message() const { return message_; }

  template <class Enum>
    requires std::is_enum_v<Enum>
  bool is(Enum code) const {
    return room_ == error_room<Enum>::name && code_ == static_cast<std::uint16_t>(code);
  }

  /// The same error with what was being done put before it: "reading head of notes.txt: ...".
  error within(std::string_view context) const {
    auto copy = *this;
    copy.message_ = std::string(context) + ": " + message_;
    return copy;
  }

 private:
  std::string_view room_;
  std::uint16_t code_;
  std::string message_;
};

template <class T>
using result = tl::expected<T, error>;

/// Success or an error, where there is nothing to hand back.
using outcome = result<void>;

/// `return fail(errc::malformed, "...")` from any function that answers a `result`.
template <class Enum>
  requires std::is_enum_v<Enum>
tl::unexpected<error> fail(Enum code, std::string message) {
  return tl::unexpected<error>(error(code, std::move(message)));
}

inline tl::unexpected<error> fail(error e) { return tl::unexpected<error>(std::move(e)); }

/// The protocols room's codes. A code exists only where a caller would act on it.
enum class errc : std::uint16_t {
  malformed = 1,      ///< bytes from outside that do not decode, or values out of range
  bad_signature,      ///< a signature, certificate or proof that does not verify
  not_found,          ///< the name is absent, and that is proven or certain
  already_exists,     ///< exists where absence was required
  conflict,           ///< a predicate did not hold; read again and retry
  denied,             ///< the caller may not do this
  expired,            ///< a token, receipt or admission past its time
  too_old,            ///< an operation behind the window of exactly-once; it never runs again
  stale,              ///< an older epoch, directory or root than one already seen
  unavailable,        ///< too few servers answered in time; retrying later may work
  outcome_unknown,    ///< the request was sent and no answer came; it may have happened
  over_limit,         ///< a bound or quota would be exceeded
  damaged,            ///< stored or received data fails its check and cannot be recovered
  unsupported,        ///< a version or feature this program does not speak
};

constexpr bool known(errc code) { return code >= errc::malformed && code <= errc::unsupported; }

template <>
struct error_room<errc> {
  static constexpr std::string_view name = "protocols";
};

/// The code's name as printed and as found in tables: "bad_signature".
std::string_view to_string(errc code);

}  // namespace holdfast
