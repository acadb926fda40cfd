// Joining, founding and keeping up with the directory: what a node is asked before and beside its roles.
//
// A stranger (no admission yet) may send only these. Joins and operators' statements are ordered by the root ring; whichever
// member of the cluster is asked passes them on and brings back what the ring proves.
#pragma once

#include "protocols/identity/genesis.hpp"
#include "protocols/ring/admission_proof.hpp"
#include "protocols/ring/service_messages.hpp"

namespace holdfast::membership {

constexpr std::size_t chain_entries_max = 4096;
constexpr std::size_t dial_back_bytes_max = 256;  ///< as an advertised address

// -- requests -------------------------------------------------------------------------------------------------------

/// Genesis and the configuration chain, to be walked by the asker.
struct chain_request {};

/// Admit these keys. `dial_back` is where a node says it can be reached: HOST:PORT; empty for clients.
struct join_request {
  identity::signed_join join;
  std::string dial_back;
};

/// The admission of this member as the root ring proves it.
struct admission_request {
  node_id member;
};

/// The directory, if newer than this.
struct directory_request {
  std::uint64_t known_version = 0;
};

/// An operator's statement, an advertisement or a renewal: an encoded `ring::root_operation`, signed by whoever answers for it.
struct statement_request {
  bytes operation;
};

/// While founding: "I can sit in the first ring; these are my seats' keys."
struct seat_offer {
  identity::founding_member member;
  std::string address;  ///< HOST:PORT where the other members may dial it
};

/// While founding, from the founder: "sign this configuration entry with both your keys."
struct configuration_proposal {
  bytes body;
};

/// From an operator: who is admitted, in the order of their ids, a page from `from` on. A list for people: it is not proven.
struct members_request {
  ring::map_key from{};
};

template <class F>
bool inspect(F& f, chain_request&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, join_request& x) {
  return f.fields("join", x.join, "dial_back", x.dial_back) && x.dial_back.size() <= dial_back_bytes_max;
}
template <class F>
bool inspect(F& f, admission_request& x) {
  return f.fields("member", x.member);
}
template <class F>
bool inspect(F& f, directory_request& x) {
  return f.fields("known_version", x.known_version);
}
template <class F>
bool inspect(F& f, statement_request& x) {
  return f.fields("operation", x.operation);
}
template <class F>
bool inspect(F& f, seat_offer& x) {
  return f.fields("member", x.member, "address", x.address);
}
template <class F>
bool inspect(F& f, configuration_proposal& x) {
  return f.fields("body", x.body);
}
template <class F>
bool inspect(F& f, members_request& x) {
  return f.fields("from", x.from);
}

using request = std::variant<chain_request, join_request, admission_request, directory_request, statement_request, seat_offer,
                             configuration_proposal, members_request>;

// -- replies --------------------------------------------------------------------------------------------------------

struct chain_reply {
  identity::trust_chain chain;
  std::map<node_id, std::string> addresses;  ///< where the rings' members were last; a hint, proven by who answers there
};

struct join_reply {
  identity::trust_chain chain;
  ring::admission_proof admission;
};

struct admission_reply {
  ring::admission_proof admission;
};

/// Absent: the asker's is the newest this node knows.
struct directory_reply {
  std::optional<ring::proven_entry> directory;
};

/// The statement's outcome: what lies at `where` in the root ring's state.
struct statement_reply {
  ring::place where;
  ring::proven_entry entry;
};

struct consent_reply {
  identity::configuration_consent consent;
};

struct accepted {};

struct members_reply {
  std::vector<identity::admission> members;
  std::optional<ring::map_key> next;  ///< where the next page starts; none: that was the last
};

/// A code of `holdfast::errc`, and a sentence for a person.
struct refusal {
  std::uint16_t code = 0;
  std::string sentence;
};

template <class F>
bool inspect(F& f, chain_reply& x) {
  return f.fields("chain", x.chain, "addresses", x.addresses) && x.chain.entries.size() <= chain_entries_max;
}
template <class F>
bool inspect(F& f, join_reply& x) {
  return f.fields("chain", x.chain, "admission", x.admission) && x.chain.entries.size() <= chain_entries_max;
}
template <class F>
bool inspect(F& f, admission_reply& x) {
  return f.fields("admission", x.admission);
}
template <class F>
bool inspect(F& f, directory_reply& x) {
  return f.fields("directory", x.directory);
}
template <class F>
bool inspect(F& f, statement_reply& x) {
  return f.fields("where", x.where, "entry", x.entry);
}
template <class F>
bool inspect(F& f, consent_reply& x) {
  return f.fields("consent", x.consent);
}
template <class F>
bool inspect(F& f, accepted&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, members_reply& x) {
  return f.fields("members", x.members, "next", x.next) && x.members.size() <= ring::page_entries_max;
}
template <class F>
bool inspect(F& f, refusal& x) {
  return f.fields("code", x.code, "sentence", x.sentence);
}

using reply = std::variant<chain_reply, join_reply, admission_reply, directory_reply, statement_reply, consent_reply, accepted, refusal,
                           members_reply>;

}  // namespace holdfast::membership
