// What a replica writes to its log, in order, and what it knows again after a crash.
//
// The log is one append-only sequence; a record is durable only when all before it are. It keeps every batch, so that any
// replica can serve any other from sequence 1.
#pragma once

#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

/// This process's start. Durable before the first message leaves.
struct boot_record {
  boot_id boot;
};
template <class F>
bool inspect(F& f, boot_record& x) {
  return f.fields("boot", x.boot);
}

/// A seat's newest start as it told it.
struct peer_boot_record {
  seat_index seat = 0;
  boot_id boot;
};
template <class F>
bool inspect(F& f, peer_boot_record& x) {
  return f.fields("seat", x.seat, "boot", x.boot);
}

/// A pre-prepare that was made or accepted: durable before pre-prepare or prepare leaves. The body is left out if the log has it.
struct accepted_record {
  ballot what;
  crypto::signature proposal;
  std::optional<batch_ptr> body;
};
template <class F>
bool inspect(F& f, accepted_record& x) {
  return f.fields("what", x.what, "proposal", x.proposal, "body", x.body);
}

/// Durable before the commit leaves. Absent where the certificate is the primary's own proposal (n = 1): that is on disk already.
struct prepared_record {
  prepared_certificate certificate;
};
template <class F>
bool inspect(F& f, prepared_record& x) {
  return f.fields("certificate", x.certificate);
}

/// The batch is committed at its sequence; the body is in an accepted or fetched record before.
struct committed_record {
  ballot what;
};
template <class F>
bool inspect(F& f, committed_record& x) {
  return f.fields("what", x.what);
}

/// A body that came by catch-up or for a new view, under no vote of this seat.
struct fetched_record {
  std::uint64_t sequence = 0;
  batch_ptr body;
};
template <class F>
bool inspect(F& f, fetched_record& x) {
  return f.fields("sequence", x.sequence, "body", x.body);
}

/// Durable before the view change leaves: no vote below its view afterwards.
struct view_change_record {
  signed_view_change statement;
};
template <class F>
bool inspect(F& f, view_change_record& x) {
  return f.fields("statement", x.statement);
}

struct view_entered_record {
  signed_new_view statement;
};
template <class F>
bool inspect(F& f, view_entered_record& x) {
  return f.fields("statement", x.statement);
}

/// This seat's own checkpoint: durable before it leaves, and with it all that led to it.
struct checkpoint_record {
  std::uint64_t sequence = 0;
  digest state;
};
template <class F>
bool inspect(F& f, checkpoint_record& x) {
  return f.fields("sequence", x.sequence, "state", x.state);
}

struct stable_record {
  checkpoint_certificate certificate;
};
template <class F>
bool inspect(F& f, stable_record& x) {
  return f.fields("certificate", x.certificate);
}

/// A replica without an intact log came to this: it votes for nothing at or below `silent_through` (0: not yet known).
struct amnesia_record {
  std::uint64_t silent_through = 0;
  bool ended = false;
};
template <class F>
bool inspect(F& f, amnesia_record& x) {
  return f.fields("silent_through", x.silent_through, "ended", x.ended);
}

using log_record = std::variant<boot_record, peer_boot_record, accepted_record, prepared_record, committed_record, fetched_record,
                                view_change_record, view_entered_record, checkpoint_record, stable_record, amnesia_record>;

/// Where the log keeps committed batches: fed with every record as it is appended or replayed. Positions are the store's own
/// (an offset, an index); 8 bytes a sequence.
class log_index {
 public:
  void add(std::uint64_t position, const log_record& record);

  /// The position of the record that holds the batch committed at `sequence`; nothing if none is (yet).
  std::optional<std::uint64_t> find(std::uint64_t sequence) const;

 private:
  void note(std::uint64_t sequence, const digest& d, std::uint64_t position);

  std::vector<std::uint64_t> committed_;  ///< by sequence, position + 1; 0 is none
  std::map<std::pair<std::uint64_t, digest>, std::uint64_t> uncommitted_;
};

/// The body a record found by `log_index` holds; nothing for other records.
const batch* body_in(const log_record& record);

/// What a slot above the stable checkpoint was when the process died.
struct recovered_slot {
  std::optional<ballot> accepted;  ///< the newest view's
  crypto::signature proposal;
  std::optional<prepared_certificate> prepared;
  std::optional<digest> committed;
  std::map<digest, batch_ptr> bodies;
};

/// A log, read. Bounded: only what lies above the stable checkpoint is held; older batches stay in the log.
struct recovered {
  std::uint64_t boot = 0;  ///< the last start's count; 0 for an empty log
  bool amnesiac = false;   ///< set by whoever reads the log: it is missing or damaged although this seat has run before
  std::uint64_t silent_through = 0;
  std::map<seat_index, boot_id> peer_boots;
  std::uint64_t committed = 0;  ///< everything up to here is committed and its bodies are in the log
  std::map<std::uint64_t, recovered_slot> slots;
  std::optional<signed_view_change> view_change;  ///< the newest
  std::optional<signed_new_view> new_view;        ///< the newest
  std::optional<checkpoint_record> checkpoint;    ///< this seat's newest
  checkpoint_certificate stable;
};

/// Reads a log record by record, in order.
class log_replay {
 public:
  void add(const log_record& record);
  recovered take() { return std::move(state_); }

 private:
  void commit(std::uint64_t sequence, const digest& d);

  recovered state_;
};

recovered recover(const std::vector<log_record>& records);

}  // namespace holdfast::agreement
