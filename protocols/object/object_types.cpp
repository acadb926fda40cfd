#include "protocols/object/object_types.hpp"

namespace holdfast::object {

aguid id_for(const crypto::public_key& owner, const std::array<std::uint8_t, 32>& salt) {
  return crypto::hash<aguid>("holdfast/object/v1", {owner.raw, salt});
}

}  // namespace holdfast::object
