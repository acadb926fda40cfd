#include "protocols/object/capability.hpp"

namespace holdfast::object {

bool capability::consistent() const {
  if (id_for(owner, salt) != object) return false;
  return !write_seed || crypto::signing_key::from_seed(*write_seed).pub() == owner;
}

capability mint(random_source& random) {
  capability c;
  auto key = crypto::signing_key::generate(random);
  c.owner = key.pub();
  c.write_seed = key.seed();
  c.salt = random.array<32>();
  c.object = id_for(c.owner, c.salt);
  c.read.emplace();
  random.fill(c.read->key.span());
  return c;
}

}  // namespace holdfast::object
