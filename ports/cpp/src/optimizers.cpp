#include "optimizers.hpp"

namespace gradparity {

std::span<const std::string_view> state_names(const Rule& rule) {
    return std::visit([](const auto& rule) { return std::span<const std::string_view>(rule.state_names); }, rule);
}

template <Real T>
void update_one(const Rule& rule, std::uint64_t iteration, std::span<T> p, std::span<const T> dp, State<T>& state) {
    std::visit([&](const auto& rule) { rule.update_one(iteration, p, dp, state); }, rule);
}

template void update_one(const Rule&, std::uint64_t, std::span<float>, std::span<const float>, State<float>&);
template void update_one(const Rule&, std::uint64_t, std::span<double>, std::span<const double>, State<double>&);

} // namespace gradparity
