// A scenario as data: what a `scenarios/*_sim.toml` file says. With a seed it is one run, the same on every machine.
//
// A file that does not parse, an unknown key or a value out of its type is an error that names file, line and column.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "protocols/base/error.hpp"
#include "tests/simulation/core/options.hpp"

namespace holdfast::simulation {

/// What can be done to nodes while a scenario runs. "Lasting" is how long it stays so; then it is undone.
enum class fault_kind : std::uint8_t {
  crash,           ///< the process dies and starts again from what its disk kept
  crash_at_point,  ///< dies at one persistence point, chosen by the seed: a range of seeds sweeps all points
  wipe,            ///< dies and comes back with an empty disk
  roll_back,       ///< dies and comes back without its newest durable records
  flip_bit,        ///< dies, and a bit of what was durable is another when it comes back
  partition,       ///< the nodes split in two parts that do not hear each other
  isolate,         ///< one node hears nobody and is heard by nobody
  deafen,          ///< one node is heard but hears nobody
  silence,         ///< one node hears but is not heard
  clog,            ///< what one node sends to another waits
};

struct fault {
  fault_kind kind = fault_kind::crash;
  std::string who = "any";  ///< "any", "primary", "backup" or a seat's number
  duration from{}, until{};  ///< when it may strike
  duration every{};          ///< time between two strikes, at random around this; zero: once, within [from, until]
  duration lasting{};
};

/// How a member lies. The real engine runs inside; what it sends is changed on its way out.
enum class behaviour : std::uint8_t {
  equivocate,    ///< as primary, proposes one batch to one half and another to the other
  silent,        ///< hears and never speaks
  silent_primary,  ///< speaks only while it is not the primary
  delay,         ///< everything it sends is late, by just less than what others wait for
  censor,        ///< as primary, never proposes the first client's requests
  forge,         ///< sends copies of its votes under other members' names and with other digests
  replay,        ///< sends again, at random, what it or others sent before
  old_answers,   ///< tells clients what was true before
  stale_view_change,  ///< sends view changes and new views without the certificates that it holds
};

struct liar {
  std::string who = "primary";
  behaviour how = behaviour::silent;
};

struct workload {
  std::uint32_t clients = 3;
  std::uint32_t requests = 8;  ///< of each client, one after the other
  duration think = 20ms;       ///< between an answer and the next request, at most
  duration resend = 400ms;     ///< without an answer, the request goes to all
  bool filling = false;        ///< servers rebuild what they should hold, and all of it must be whole at the end
  std::uint32_t duplicates = 0;  ///< additional copies of each request, sent at random times
};

/// Which engines run.
enum class subject_kind : std::uint8_t { agreement, dispersal, ring };

struct scenario {
  std::string name;     ///< the file's name without `_sim.toml`
  std::string summary;
  subject_kind subject = subject_kind::agreement;
  std::uint64_t seeds = 50;  ///< in an ordinary run
  std::vector<std::size_t> sizes{4};  ///< nodes; the seed chooses
  duration heal_at = 3s;      ///< from then on the world is good
  duration live_within = 20s;  ///< and after this everything asked for is done
  network_options network;
  disk_options disk;
  clock_options clock;
  workload work;
  std::vector<fault> faults;
  std::vector<liar> liars;
};

result<scenario> parse_scenario(const std::filesystem::path& file);

/// All scenarios of a directory, in the order of their names.
result<std::vector<scenario>> parse_scenarios(const std::filesystem::path& directory);

}  // namespace holdfast::simulation
