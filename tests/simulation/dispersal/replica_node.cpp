#include "tests/simulation/dispersal/replica_node.hpp"

namespace holdfast::simulation {

using namespace replica;

namespace {

constexpr std::uint64_t budget_bytes = 128u << 10;  // less than what is written, so that things have to go
constexpr std::uint64_t objects = 4;
constexpr auto version_every = 100ms;

aguid object_numbered(std::uint64_t n) { return crypto::hash<aguid>("holdfast/test-object/v1", {codec::encode(n)}); }

}  // namespace

replica_node::replica_node(archive_world& world, std::uint64_t seed)
    : world_(world),
      random_(seed ^ 0x5ec0'17da'7e11'ca5eULL),
      index_(world.add(node_id{crypto::hash_raw("holdfast/test-replica/v1", {})}, *this)),
      clock_(world.plan.clock, random_),
      seat_(crypto::signing_key::generate(random_)) {
  ring_.id = world.ring;
  ring_.seats.push_back({world.id_of(0), seat_.pub()});
  begin();
}

clock_reading replica_node::reading() const { return {clock_.now(world_.events.now()), clock_.wall(world_.events.now())}; }

void replica_node::begin() {
  engine_ = std::make_unique<secondary_replica>(replica_config{world_.cluster, ring_, budget_bytes, 0});
  announced_.clear();
  shown_.clear();
}

void replica_node::restart() {
  ++lives_;
  ++world_.report.counts["replica_restarts"];
  readers_.clear();
  ticking_ = false;
  world_.disconnect(index_);
  begin();
}

// -- reading ----------------------------------------------------------------------------------------------------------

void replica_node::read(const kept_extent& extent, std::uint32_t ordinal, bool must) {
  const auto length = static_cast<std::uint32_t>(extent.blocks[ordinal].size());
  get_block wanted{object_numbered(ordinal % objects), extent.names[ordinal], length, block_place{id_of(extent.claim.origin), ordinal}};
  ask(wanted, expected_block{extent.blocks[ordinal], wanted, must && 2 * length <= budget_bytes / 4});
}

void replica_node::read_something(const std::vector<kept_extent>& kept) {
  if (random_.below(30) == 0) return restart();
  if (kept.empty() || random_.below(4) == 0) return read_head();
  // Some things are read much more often than others.
  const auto& extent = kept[random_.below(random_.below(kept.size()) + 1)];
  read(extent, static_cast<std::uint32_t>(random_.below(extent.blocks.size())), false);
}

void replica_node::read_head() {
  auto object = object_numbered(random_.below(objects));
  ask(get_head{object, shown_[object] + random_.below(3), {}}, expected_head{object});
}

void replica_node::ask(service_request what, expectation expected) {
  auto reader = ++last_reader_;
  readers_.emplace(reader, std::move(expected));
  carry_out(engine_->on_request(reading(), reader, world_.id_of(index_), what));
}

void replica_node::judge(expectation expected, const service_reply& reply) {
  if (auto* head = std::get_if<expected_head>(&expected)) {
    if (auto* shown = std::get_if<head_reply>(&reply)) judge_head(head->object, shown->entry);
    return;
  }
  auto& block = std::get<expected_block>(expected);
  if (auto* content = std::get_if<content_reply>(&reply)) {
    ++world_.report.counts["cached_blocks_read"];
    if (content->data != block.content) world_.violation("a replica served other bytes than were written");
    return;
  }
  ++world_.report.counts["cached_reads_refused"];
  auto* why = std::get_if<refusal>(&reply);
  if (!block.must) return;
  if (!why || (why->code != errc::over_limit && why->code != errc::unavailable)) {
    return world_.violation("a replica cannot get a block that is there" + (why ? ": " + why->sentence : std::string()));
  }
  ++asking_again_;
  world_.events.after(100ms, [this, block] {
    --asking_again_;
    ask(block.wanted, block);
  });
}

void replica_node::judge_head(const aguid& object, const ring::proven_entry& shown) {
  auto opened = ring::open<object::head>(shown, ring::place_of(ring::submap::heads, object), world_.cluster, ring_);
  if (!opened) return world_.violation("a replica showed a head that does not prove itself: " + opened.error().message());
  auto& newest = shown_[object];
  if (opened->value.version < newest) world_.violation("a replica showed a head older than the one before");
  newest = std::max(newest, opened->value.version);
  ++world_.report.counts["cached_heads_read"];
}

// -- the engine's effects -----------------------------------------------------------------------------------------------

void replica_node::carry_out(replica_step step) {
  if (engine_->held_bytes() + engine_->reserved_bytes() > budget_bytes) world_.violation("a replica holds more than its budget");
  for (const auto& o : step.withdraw) {
    if (announced_.erase(o) == 0) world_.violation("a replica withdrew what it had not announced");
  }
  for (const auto& o : step.announce) {
    if (!announced_.insert(o).second) world_.violation("a replica announced an object twice");
  }
  for (const auto& out : step.requests) world_.send(index_, world_.index_of(out.to), archive_packet(out.request));
  for (const auto& question : step.questions) answer(question);
  for (const auto& a : step.answers) {
    auto reader = readers_.extract(a.reader);
    auto reply = codec::decode<service_reply>(*a.reply, "replica's reply");
    if (reader.empty() || !reply) {
      world_.violation("a replica answered a reader twice, or what does not decode");
    } else {
      judge(std::move(reader.mapped()), *reply);
    }
  }
  if (engine_->busy() && !ticking_) tick_later();
}

/// The ring's word, after a while; some members do not answer, some have fallen behind.
void replica_node::answer(const replica_step::ring_question& question) {
  world_.events.after(between(random_, 1ms, 50ms), [this, question, life = lives_] {
    if (life != lives_) return;
    auto* where = std::get_if<ring::place>(&question.what);
    if (!where || random_.below(8) == 0) {
      return carry_out(engine_->on_ring(reading(), question.number, fail(errc::unavailable, "the ring does not answer")));
    }
    carry_out(engine_->on_ring(reading(), question.number, ring::service_reply(ring::entry_reply{*where, prove(*where), 0})));
  });
}

ring::proven_entry replica_node::prove(const ring::place& where) {
  auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(world_.events.now().time_since_epoch());
  if (random_.below(4) == 0) passed -= std::min(passed, std::chrono::milliseconds(random_.below(2000)));
  if (where.map == ring::submap::heads) {
    object::head head;
    head.object.raw = where.key;
    head.version = 1 + static_cast<std::uint64_t>(passed / version_every);
    state_.store(where, head);
  } else {
    for (const auto& [extent, record] : world_.committed) {
      if (extent.raw == where.key) state_.store(where, record);
    }
  }
  ring::state_root root{world_.cluster, ring_.id, ring_.epoch, 1 + static_cast<std::uint64_t>(passed.count()), world_.wall(), state_.root(), {}};
  ring::proven_entry proven;
  if (auto* value = state_.get(where)) proven.value = *value;
  proven.proof = state_.prove(where);
  proven.root.body = codec::encode(root);
  proven.root.signatures = {{0, seat_.sign(ring::state_root::type_tag, proven.root.body)}};
  return proven;
}

void replica_node::tick_later() {
  ticking_ = true;
  world_.events.after(secondary_replica::tick, [this, life = lives_] {
    if (life != lives_) return;
    ticking_ = false;
    carry_out(engine_->on_timer(reading()));
  });
}

void replica_node::receive(node_index from, const archive_packet& p) {
  if (auto* reply = std::get_if<archive::service_reply>(&p)) carry_out(engine_->on_archive(reading(), world_.id_of(from), *reply));
}

void replica_node::peer_lost(node_index peer) { carry_out(engine_->on_peer_lost(reading(), world_.id_of(peer))); }

}  // namespace holdfast::simulation
