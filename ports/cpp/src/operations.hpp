// The operations of the protocol: each takes a request, with its arrays decoded, and gives named arrays in order.

#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "images.hpp"
#include "wire.hpp"

namespace gradparity {

class Case;
class Pass;

/// The loaded case; the last layer asked for, where that came after it; and the sets of images by name.
class Port {
  public:
    Port();
    ~Port();

    /// The reply. Throws Unsupported for what this port does not implement, and other exceptions for what is wrong.
    Message answer(const Message& request);

  private:
    std::unique_ptr<Case> loaded;
    std::unique_ptr<Pass> last_layer;
    std::map<std::string, Images, std::less<>> sets;

    Message hello(const Message& request);
    Message load(const Message& request);
    Message layer(const Message& request);
    Message inputs(const Message& request);
    Message predict(const Message& request);
    Message accuracy(const Message& request);
    Message gradient(const Message& request);
    Message numerical_gradient(const Message& request);
    Message trace(const Message& request);
    Message null(const Message& request);
    Message time(const Message& request);
    Message data(const Message& request);
    Message train(const Message& request);
    Message params(const Message& request);
    Message evaluate(const Message& request);
    Message update(const Message& request);

    Case& loaded_case() const;
    const Images& images(const std::string& set) const;

    /// How a request is answered.
    using Handler = Message (Port::*)(const Message&);
    static const std::array<std::pair<std::string_view, Handler>, 16> handlers;
};

} // namespace gradparity
