// `holdfast profile export` and `import`: the way back from a lost machine.
#include <iostream>

#include "tools/commands/commands.hpp"
#include "tools/files/private_file.hpp"
#include "tools/profile/passphrase.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

int run(const profile_export_options& o) {
  auto profile = load_profile(profile_path(o.as.profile));
  if (!profile) return report(profile.error(), o.as.json);
  auto passphrase = ask_new_passphrase("the recovery file");
  if (!passphrase) return report(passphrase.error(), o.as.json);
  auto saved = save_profile(o.file, *profile, *passphrase, identity::recovery_stretching, false);
  if (!saved) return report(saved.error(), o.as.json);
  std::cerr << o.file << " holds your keys under that passphrase. Keep it away from this machine: with both, and only with both,\n"
            << "`holdfast profile import " << o.file << "` gives you back your data on an empty one.\n";
  return 0;
}

int run(const profile_import_options& o) {
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
  return 0;
}

}  // namespace holdfast::tools
