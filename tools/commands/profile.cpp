// `holdfast profile create`, `export` and `import`: a client's keys, and the way back from a lost machine.
#include <unistd.h>

#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "actors/client/client.hpp"
#include "protocols/identity/join.hpp"
#include "protocols/ring/admission_proof.hpp"
#include "tools/commands/commands.hpp"
#include "tools/errors/tool_error.hpp"
#include "tools/files/private_file.hpp"
#include "tools/interrupts/interrupts.hpp"
#include "tools/manifest/values.hpp"
#include "tools/profile/passphrase.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

namespace {

std::string id_of(const identity::profile& p) {
  auto proof = codec::decode<ring::admission_proof>(p.secrets.admission, "admission");
  auto* admitted = proof ? std::get_if<ring::ring_admission>(&*proof) : nullptr;
  return admitted ? admitted->node.hex() : "unknown";
}

/// A token is good once: all that can be wrong on this machine is looked at before it is shown to anybody.
result<identity::token> check_before_joining(const std::filesystem::path& path, const profile_create_options& o) {
  if (!parse_address(o.join)) return fail(tool_errc::bad_address, "\"" + o.join + "\" (--join) is no address");
  auto token = identity::parse_token(o.token);
  if (!token) return fail(tool_errc::bad_token, token.error().message());
  if (auto free = expect_free(path, "; it would be lost"); !free) return fail(free.error());
  if (auto writable = expect_writable(path); !writable) return fail(writable.error());
  return token;
}

}  // namespace

int run(const profile_create_options& o) {
  heed_interrupts();
  auto path = profile_path(o.as.profile);
  auto token = check_before_joining(path, o);
  if (!token) return report(token.error(), o.as.json, situation::operating);
  std::optional<std::string> passphrase;
  if (o.passphrase) {
    auto asked = ask_new_passphrase("the profile");
    if (!asked) return report(asked.error(), o.as.json);
    passphrase = std::move(*asked);
  }
  std::array<char, 65> host{};
  ::gethostname(host.data(), host.size() - 1);
  auto profile = actors::create_profile(o.join, *token, "client@" + std::string(host.data()).substr(0, 50));
  if (!profile) return report(profile.error(), o.as.json, situation::operating);
  auto saved = save_profile(path, *profile, passphrase, identity::everyday_stretching, false);
  if (!saved) return report(saved.error(), o.as.json);
  std::cerr << path.string() << " holds your keys. Without it nobody can recover your data: not the operators, not the servers.\n"
            << "Make a recovery file now: holdfast profile export FILE --profile " << path.string() << "\n"
            << "Should they be stolen, an operator can shut them out by this id: " << id_of(*profile) << "\n";
  if (o.as.json) std::cout << nlohmann::json{{"profile", path.string()}, {"id", id_of(*profile)}}.dump() << std::endl;
  return 0;
}

int run(const profile_export_options& o) {
  heed_interrupts();
  auto profile = load_profile(profile_path(o.as.profile));
  if (!profile) return report(profile.error(), o.as.json);
  if (auto free = expect_free(o.file, "; it would be lost"); !free) return report(free.error(), o.as.json);
  auto passphrase = ask_new_passphrase("the recovery file");
  if (!passphrase) return report(passphrase.error(), o.as.json);
  auto saved = save_profile(o.file, *profile, *passphrase, identity::recovery_stretching, false);
  if (!saved) return report(saved.error(), o.as.json);
  std::cerr << o.file << " holds your keys under that passphrase. Keep it away from this machine: with both, and only with both,\n"
            << "`holdfast profile import " << o.file << "` gives you back your data on an empty one.\n";
  if (o.as.json) std::cout << nlohmann::json{{"recovery_file", o.file}, {"id", id_of(*profile)}}.dump() << std::endl;
  return 0;
}

int run(const profile_import_options& o) {
  heed_interrupts();
  auto text = read_file(o.file, profile_bytes_max);
  if (!text) return report(text.error(), o.as.json);
  auto passphrase = ask_passphrase("Passphrase of " + o.file + ": ");
  if (!passphrase) return report(passphrase.error(), o.as.json);
  auto profile = parse_profile(*text, *passphrase);
  if (!profile) return report(profile.error().within(o.file), o.as.json);
  auto path = profile_path(o.as.profile);
  auto kept = o.passphrase ? std::optional(*passphrase) : std::nullopt;
  auto saved = save_profile(path, *profile, kept, identity::everyday_stretching, false);
  if (!saved) return report(saved.error(), o.as.json);
  std::cerr << "restored to " << path.string() << "\n";
  if (o.as.json) std::cout << nlohmann::json{{"profile", path.string()}, {"id", id_of(*profile)}}.dump() << std::endl;
  return 0;
}

}  // namespace holdfast::tools
