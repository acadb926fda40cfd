// Requests of an object ring, checked as far as their bytes and the configuration decide: bounds, signatures, names.
#pragma once

#include <list>

#include "protocols/agreement/agreement_types.hpp"
#include "protocols/ring/object_operation.hpp"

namespace holdfast::ring {

constexpr std::size_t conditions_max = 16;  ///< in a guard
constexpr std::size_t claims_max = 1024;    ///< extents in an update: a TiB

/// An update that its writer signed, and the content root of each guard.
struct checked_update {
  object::update update;
  object::update_statement statement;
  crypto::signature sig;
  bytes inline_data;                                          ///< what the contents name
  std::vector<std::optional<object::content_root>> contents;  ///< by guard; none for a guard without an action
};

/// A receipt that says whose it is; its signature is checked against the directory when it runs.
struct checked_fill {
  archive::signed_receipt receipt;
  archive::receipt claimed;
};

/// A directory that the root ring's certificate proves.
struct checked_directory {
  std::shared_ptr<const identity::directory> directory;
  bytes encoded;
};

using checked_request = std::variant<checked_update, checked_fill, checked_directory>;

/// `malformed`, `bad_signature`, `denied` or `stale` with what is wrong.
result<checked_request> check_request(bytes_view request, const identity::configuration_entry& configuration);

/// Requests checked lately, by hash, so that what was checked at arrival is not checked again for the vote and the execution.
/// Checking is a pure function, so remembering changes no outcome.
class checked_requests {
 public:
  static constexpr std::size_t bytes_max = 16u << 20;  ///< of requests held; the oldest go first

  result<std::shared_ptr<const checked_request>> get(const agreement::named_request& request, const identity::configuration_entry& configuration);

 private:
  struct remembered {
    digest name;
    std::size_t size;
    std::shared_ptr<const checked_request> request;
  };

  std::list<remembered> held_;  ///< oldest first
  std::map<digest, std::list<remembered>::iterator> by_name_;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::ring
