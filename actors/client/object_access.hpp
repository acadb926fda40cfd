// Objects as their owner sees them: heads, version records, small contents, updates. What comes back was verified as the ring's
// and the writer's; what goes out is signed here.
#pragma once

#include "actors/client/cluster_connection.hpp"
#include "actors/client/upload.hpp"

namespace holdfast::actors {

/// The operation numbers of this process: unique, and in each session never further apart than the ring's window of exactly-once. The
/// ring keeps a session for every object written in it, so a session is left behind after some objects. With many operations at once
/// there are several sessions, so that the slowest operation does not hold up all others.
class operation_numbers {
 public:
  operation_numbers();

  struct number {
    session_id session;
    std::uint64_t operation = 0;
    bool opens = false;  ///< the ring may not have seen the session with this object's writer yet
  };

  /// Waits until the window has room. Give each number back.
  number take(const aguid& object);
  void give_back(const number& n);

  /// The ring has the session, with the object's writer.
  void note_opened(const number& n, const aguid& object);

  /// For extents' names: a count of its own, since uploads take their time.
  number next_upload();

  /// The ring has forgotten the session: the next number begins another.
  void renew(const session_id& forgotten);

 private:
  static constexpr std::size_t objects_per_session = 256;
  static constexpr std::size_t sessions_max = 3;  ///< with their objects, fewer than the ring remembers of a client

  struct session {
    session_id id;
    std::uint64_t last = 0;
    std::set<std::uint64_t> under_way;
    std::map<aguid, bool> objects;  ///< and whether the ring has seen it
    bool has_room() const { return under_way.empty() || last + 1 - *under_way.begin() < ring::session_window; }
  };
  static session begin_session();
  session* with_room();

  std::mutex mutex_;
  std::condition_variable returned_;
  session_id upload_session_;
  std::uint64_t last_upload_ = 0;
  std::vector<session> sessions_;
};

class object_access {
 public:
  explicit object_access(cluster_connection& cluster) : cluster_(cluster) {}

  cluster_connection& cluster() { return cluster_; }
  operation_numbers& numbers() { return numbers_; }

  /// The newest version's head; nothing if the ring proves that the object does not exist.
  result<std::optional<object::head>> head(const object::capability& of);

  /// A head from which the wanted version is found: an older one, from a replica, if it reaches that far.
  result<std::optional<object::head>> head(const object::capability& of, const object::version_walk::target& wanted);
  std::vector<result<std::optional<object::head>>> heads(const std::vector<object::capability>& of);

  result<object::version_record> find(const object::head& head, const object::version_walk::target& wanted);

  /// All records, newest first.
  result<std::vector<object::version_record>> history(const object::head& head);

  /// What a version's content is, as its writer signed it.
  static result<object::content_root> content_of(const object::version_record& record);

  /// A whole content in memory: for directories.
  result<bytes> read_all(const object::capability& of, const object::version_record& record);

  /// Orders content as the object's next version if all conditions hold. `aborted` is an answer, not an error. Settles the
  /// content's extents.
  result<ring::operation_result> commit(const object::capability& to, std::vector<object::predicate> conditions, uploaded_content content,
                                        bool creates);

  /// Seals, disperses and commits what is in memory.
  result<ring::operation_result> write(const object::capability& to, std::vector<object::predicate> conditions, bytes_view plaintext,
                                       std::uint64_t base_version, bool creates);

 private:
  result<std::optional<object::head>> open_head(const object::capability& of, const result<ring::proven_entry>& entry) const;
  object::signed_update sign(const object::capability& to, const operation_numbers::number& n, const std::vector<object::predicate>& conditions,
                             const uploaded_content& content, bool creates) const;

  static constexpr std::size_t keys_max = 1024;
  crypto::signing_key key_of(const object::capability& c) const;

  cluster_connection& cluster_;
  operation_numbers numbers_;
  mutable std::mutex mutex_;
  mutable std::map<crypto::public_key, crypto::signing_key> keys_;  ///< derived before; wiped when they go
};

version_info info_of(const object::version_record& record, const object::content_root& content);

}  // namespace holdfast::actors
