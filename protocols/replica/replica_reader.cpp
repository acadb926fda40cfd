#include "protocols/replica/replica_reader.hpp"

#include "protocols/object/object_types.hpp"

namespace holdfast::replica {

reader_step replica_reader::ask(clock_reading at, std::uint64_t question, service_request what, std::vector<node_id> holders,
                                std::vector<node_id> others) {
  at_ = at;
  open_question q;
  q.what = std::move(what);
  q.begun = at.now;
  // The best comes last: others first, then holders, each group from the slowest on.
  sort_in(q.candidates, std::move(others));
  sort_in(q.candidates, std::move(holders));
  if (questions_.size() >= questions_max) q.candidates.clear();
  ask_next(questions_.insert_or_assign(question, std::move(q)).first);
  return std::exchange(step_, {});
}

void replica_reader::sort_in(std::vector<node_id>& candidates, std::vector<node_id> group) const {
  std::erase_if(group, [&](const node_id& n) { return liars_.contains(n) || latency_.rank(n, at_.now).first; });
  std::stable_sort(group.begin(), group.end(),
                   [&](const node_id& a, const node_id& b) { return latency_.rank(a, at_.now) < latency_.rank(b, at_.now); });
  for (const auto& n : group) std::erase(candidates, n);
  candidates.insert(candidates.end(), group.rbegin(), group.rend());
}

void replica_reader::ask_next(question_iterator at) {
  auto& q = at->second;
  if (q.candidates.empty() || q.tries >= tries_max) return end(at);
  q.asked = q.candidates.back();
  q.candidates.pop_back();
  q.request = ++last_request_;
  q.asked_at = at_.now;
  ++q.tries;
  requests_.emplace(q.request, at->first);
  latency_.asked(q.asked);
  step_.sends.push_back({q.request, q.asked, q.what});
}

void replica_reader::end(question_iterator at) {
  step_.ended.push_back(at->first);
  questions_.erase(at);
}

reader_step replica_reader::on_reply(clock_reading at, std::uint64_t request, const result<service_reply>& reply) {
  at_ = at;
  auto known = requests_.extract(request);
  auto question = known.empty() ? questions_.end() : questions_.find(known.mapped());
  if (question == questions_.end()) return {};
  const auto asked = question->second.asked;
  auto* refused = reply ? std::get_if<refusal>(&*reply) : nullptr;
  if (!reply || refused) {
    latency_.failed(asked, at.now);
    ask_next(question);
  } else {
    took_answer(question, *reply);
  }
  return std::exchange(step_, {});
}

void replica_reader::took_answer(question_iterator at, const service_reply& reply) {
  auto& q = at->second;
  if (auto what = verified(q.what, reply)) {
    latency_.answered(q.asked, at_.now - q.asked_at);
    step_.answers.push_back({at->first, q.asked, std::move(*what)});
    questions_.erase(at);
    return;
  }
  latency_.forgotten(q.asked);
  liars_.insert(q.asked);
  step_.liars.push_back(q.asked);
  ask_next(at);
}

std::optional<std::variant<bytes, ring::proven_entry>> replica_reader::verified(const service_request& what, const service_reply& reply) const {
  if (auto* wanted = std::get_if<get_head>(&what)) {
    auto* head = std::get_if<head_reply>(&reply);
    if (!head || !ring::verify(head->entry, ring::place_of(ring::submap::heads, wanted->object), cluster_, ring_)) return std::nullopt;
    return head->entry;
  }
  auto* content = std::get_if<content_reply>(&reply);
  if (!content) return std::nullopt;
  auto* block = std::get_if<get_block>(&what);
  const bool right = block ? archive::block_name(content->data) == block->block
                           : crypto::hash<vguid>(object::version_record::type_tag, {content->data}) == std::get<get_record>(what).record;
  if (!right) return std::nullopt;
  return content->data;
}

reader_step replica_reader::on_timer(clock_reading at) {
  at_ = at;
  for (auto here = questions_.begin(); here != questions_.end();) {
    auto question = here++;  // ending removes it
    auto& q = question->second;
    if (at.now - q.begun >= give_up_after) {
      requests_.erase(q.request);
      latency_.failed(q.asked, at.now);
      end(question);
    } else if (!q.late && at.now - q.asked_at >= latency_.hedge_after(q.asked)) {
      q.late = true;
      latency_.late(q.asked, at.now);
      step_.late.push_back(question->first);
    }
  }
  return std::exchange(step_, {});
}

}  // namespace holdfast::replica
