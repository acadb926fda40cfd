#include "tests/simulation/dispersal/server_node.hpp"

#include "protocols/archive/claim.hpp"
#include "protocols/archive/fragment_tree.hpp"

namespace holdfast::simulation {

using namespace archive;

server_node::server_node(archive_world& world, node_index index, std::function<void(std::uint64_t)> points)
    : world_(world),
      index_(index),
      random_(world.random.next_u64()),
      clock_(world.plan.clock, random_),
      disk_(world.events, world.plan.disk, random_.next_u64(),
            {[this](auto ticket, const auto& done) { stored(ticket, done); },
             [this](auto ticket, auto found) { carry_out(engine_->on_fragment(reading(), ticket, std::move(found))); },
             [this](auto ticket, auto found) { carry_out(engine_->on_extent(reading(), ticket, std::move(found))); },
             [this](auto ticket, auto found) { carry_out(engine_->on_inventory(reading(), ticket, found)); }, std::move(points)}) {}

clock_reading server_node::reading() const { return {clock_.now(world_.events.now()), clock_.wall(world_.events.now())}; }

void server_node::start() {
  if (running()) return;
  ++lives_;
  server_config config{world_.cluster, world_.id_of(index_), 1, {}};
  engine_ = std::make_unique<archive_server>(config, world_.keys[index_], disk_.recover(), reading());
  tick_later();
  sweep_later();
}

void server_node::stop() {
  if (!running()) return;
  ++lives_;
  engine_.reset();
  fillers_.clear();
  disk_.crash();
  world_.disconnect(index_);
}

void server_node::receive(node_index from, const archive_packet& p) {
  if (lie_ == behaviour::silent) return;
  if (auto request = std::get_if<service_request>(&p)) carry_out(engine_->on_request(reading(), world_.id_of(from), *request));
  if (auto reply = std::get_if<service_reply>(&p)) replied(from, *reply);
}

void server_node::peer_lost(node_index peer) {
  engine_->on_peer_lost(reading(), world_.id_of(peer));
  fillers_lost(peer);
}

void server_node::tick_later() {
  world_.events.after(archive_server::tick, [this, life = lives_] {
    if (life != lives_) return;
    carry_out(engine_->on_timer(reading()));
    tick_later();
  });
}

void server_node::carry_out(server_step step) {
  for (auto& effect : step.effects) disk_.carry_out(std::move(effect));
  for (const auto& reply : step.replies) send(reply);
  for (const auto& extent : step.commitment_queries) ask_ring(extent);
  for (const auto& o : step.offers) offer(o);
  for (const auto& e : step.events) {
    ++world_.report.counts[std::string(to_string(e.what))];
    world_.log.event(world_.events.now(), index_, to_string(e.what), e.sentence);
    if (e.what == server_event::kind::store_failed) restart_later();
  }
}

/// A node whose disk failed to write ends, and whoever keeps nodes running starts it again.
void server_node::restart_later() {
  world_.events.after(500ms, [this, life = lives_] {
    if (life != lives_) return;
    stop();
    start();
  });
}

void server_node::send(const outgoing_reply& reply) {
  auto out = reply;
  if (honest()) {
    if (auto sealed = std::get_if<extent_sealed>(&out.reply.body)) check_receipt(sealed->receipt);
    if (auto progress = std::get_if<extent_progress>(&out.reply.body); progress && progress->sealed) check_receipt(*progress->sealed);
  }
  if (lie_ == behaviour::forge) forge(out.reply);
  auto go = [this, out] { world_.send(index_, world_.index_of(out.to.member), archive_packet(out.reply)); };
  if (lie_ != behaviour::delay) return go();
  world_.events.after(between(random_, 100ms, 1500ms), go);
}

void server_node::check_receipt(const signed_receipt& receipt) {
  auto statement = receipt.peek();
  if (statement && disk_.holds_durably(statement->extent, statement->list)) return;
  world_.violation("server " + std::to_string(index_) + " gave a receipt for what is not durable on its disk");
}

/// Another content under the wanted block's name, with a proof that fits it; or plainly other bytes.
void server_node::forge(service_reply& reply) {
  auto piece = std::get_if<fragment_piece>(&reply.body);
  if (!piece || piece->data.empty()) return;
  piece->data[random_.below(piece->data.size())] ^= 1;
  if (!piece->header || !piece->last || random_.below(2)) return;
  // The whole fragment in one piece: the root to which its path leads now proves it.
  auto& header = *piece->header;
  auto n = coding_for(world_.servers).n;
  if (auto root = merkle_climb(leaf_of(piece->index, piece->data), piece->index, n, header.path)) header.entry.fragment_root = *root;
}

void server_node::ask_ring(const extent_id& extent) {
  world_.events.after(between(random_, 1ms, 50ms), [this, extent, life = lives_] {
    if (life != lives_) return;
    auto record = world_.committed.find(extent);
    commitment said{record == world_.committed.end() ? std::nullopt : std::optional(record->second), world_.wall()};
    carry_out(engine_->on_commitment(reading(), extent, said));
  });
}

/// The ring takes a fill if the slot is vacant and the receipt right.
void server_node::offer(const fill_offer& offer) {
  world_.events.after(between(random_, 1ms, 50ms), [this, offer] {
    auto record = world_.committed.find(offer.extent);
    auto claimed = open_receipt(offer.receipt, world_.directory);
    if (record == world_.committed.end() || !claimed) return;
    auto& slots = record->second.slots;
    if (slots[claimed->index] || std::count(slots.begin(), slots.end(), claimed->server) > 0) return;
    slots[claimed->index] = claimed->server;
    ++record->second.version;
    ++world_.report.counts["late_slot_filled"];
  });
}

}  // namespace holdfast::simulation
