// Joining, founding and keeping up with the directory: what a node is asked before and beside its roles.
//
// A stranger (no admission yet) may send only these. Joins and operators' statements are ordered by the root ring; whichever
// member of the cluster is asked passes them on and brings back the proven result.
#pragma once

#include "protocols/identity/identity_types.hpp"
#include "protocols/ring/admission_proof.hpp"
#include "protocols/ring/state_root.hpp"

namespace holdfast::membership {

// -- requests -------------------------------------------------------------------------------------------------------

/// Genesis and the configuration chain, to be walked by the asker.
struct chain_request {};

/// Admit these keys. `dial_back` is where a node says it can be reached; the answer names it if it cannot.
struct join_request {
  identity::signed_join join;
  std::string dial_back;  ///< HOST:PORT; empty for clients
};

/// The directory, if newer than this.
struct directory_request {
  std::uint64_t known_version = 0;
};

/// An operator's statement (invite, revoke ...) or a node's advertisement: an encoded operation of the root ring.
struct statement_request {
  bytes operation;
};

/// While founding: "I can sit in the first ring; these are my seats' keys and where I listen."
struct seat_offer {
  node_id node;
  crypto::public_key root_key, object_key;
  std::string address;
};

/// While founding: "sign this configuration entry with both your keys."
struct configuration_proposal {
  bytes body;
};

/// The founding is complete: entry 0, signed by everybody.
struct configuration_announcement {
  identity::trust_chain chain;
};

template <class F>
bool inspect(F& f, chain_request&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, join_request& x) {
  return f.fields("join", x.join, "dial_back", x.dial_back);
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
  return f.fields("node", x.node, "root_key", x.root_key, "object_key", x.object_key, "address", x.address);
}
template <class F>
bool inspect(F& f, configuration_proposal& x) {
  return f.fields("body", x.body);
}
template <class F>
bool inspect(F& f, configuration_announcement& x) {
  return f.fields("chain", x.chain);
}

using request = std::variant<chain_request, join_request, directory_request, statement_request, seat_offer, configuration_proposal,
                             configuration_announcement>;

// -- replies --------------------------------------------------------------------------------------------------------

struct chain_reply {
  identity::trust_chain chain;
};

struct join_reply {
  identity::trust_chain chain;
  ring::admission_proof admission;
};

/// Absent: the asker's is the newest this node knows.
struct directory_reply {
  std::optional<ring::proven_entry> directory;
};

struct statement_reply {
  std::string sentence;
};

struct seat_signatures {
  crypto::signature by_root_key, by_object_key;
};

struct accepted {};

struct refusal {
  std::uint16_t code = 0;
  std::string sentence;
};

template <class F>
bool inspect(F& f, chain_reply& x) {
  return f.fields("chain", x.chain);
}
template <class F>
bool inspect(F& f, join_reply& x) {
  return f.fields("chain", x.chain, "admission", x.admission);
}
template <class F>
bool inspect(F& f, directory_reply& x) {
  return f.fields("directory", x.directory);
}
template <class F>
bool inspect(F& f, statement_reply& x) {
  return f.fields("sentence", x.sentence);
}
template <class F>
bool inspect(F& f, seat_signatures& x) {
  return f.fields("by_root_key", x.by_root_key, "by_object_key", x.by_object_key);
}
template <class F>
bool inspect(F& f, accepted&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, refusal& x) {
  return f.fields("code", x.code, "sentence", x.sentence);
}

using reply = std::variant<chain_reply, join_reply, directory_reply, statement_reply, seat_signatures, accepted, refusal>;

}  // namespace holdfast::membership
