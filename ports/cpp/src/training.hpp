// Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt.

#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "images.hpp"
#include "network.hpp"
#include "optimizers.hpp"

namespace gradparity {

/// Rows of images in the dtype of a network, and their labels, in arrays that each drawing uses again.
template <Real T> struct Batch {
    Matrix<T> x;
    Target<T> t = Labels();

    /// x, (rows, inputs), and the labels of these rows, which the set must have.
    void draw(const Images& images, std::span<const std::int32_t> rows) {
        Labels& labels = std::get<Labels>(t);
        x.resize(static_cast<Index>(rows.size()), static_cast<Index>(images.inputs));
        labels.clear();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::size_t image = static_cast<std::size_t>(rows[i]);
            images.read(image, std::span(x.data() + i * images.inputs, images.inputs));
            labels.push_back(images.labels[image]);
        }
    }
};

/// The gradient, then the update of every parameter; the loss before it.
template <Real T> T train_step(Network<T>& network, const Matrix<T>& x, const Target<T>& t, Optimizer<T>& optimizer) {
    const T loss = network.backpropagate(x, t);
    optimizer.update(network);
    return loss;
}

/// The masks of each layer of a network that has one, in order: those of all steps one after the other.
using Masks = std::vector<std::vector<std::uint8_t>>;

/// One update for each row of batches, (steps, batch), rows of images: the loss before each, (steps,).
///
/// The images must fit the network, the rows the images, and the masks both. The network has its own masks again
/// afterwards.
template <Real T>
std::vector<T> train(Network<T>& network, const Images& images, const Matrix<std::int32_t>& batches,
                     Optimizer<T>& optimizer, const Masks& masks = {}) {
    const std::vector<Mask*> to = network.masks();
    std::vector<Mask> before;
    for (Mask* mask : to) {
        before.push_back(std::move(*mask));
        mask->resize(batches.cols(), before.back().cols());
    }
    Batch<T> batch;
    std::vector<T> losses;
    losses.reserve(static_cast<std::size_t>(batches.rows()));
    for (Index step = 0; step < batches.rows(); ++step) {
        batch.draw(images, {batches.row(step).data(), static_cast<std::size_t>(batches.cols())});
        for (std::size_t i = 0; i < to.size(); ++i)
            std::copy_n(masks[i].begin() + step * to[i]->size(), to[i]->size(), to[i]->data());
        losses.push_back(train_step(network, batch.x, batch.t, optimizer));
        network.move_on();
    }
    for (std::size_t i = 0; i < to.size(); ++i)
        *to[i] = std::move(before[i]);
    return losses;
}

/// The mean loss over the set, without weight decay, and the share of labels that the network gets right.
template <Real T> std::pair<T, double> evaluate(Network<T>& network, const Images& images) {
    constexpr std::size_t rows_at_a_time = 1000; // few enough for the cache, many enough for the products
    std::vector<std::int32_t> all(images.labels.size());
    std::iota(all.begin(), all.end(), 0);
    Batch<T> batch;
    double loss = 0, right = 0;
    for (std::size_t first = 0; first < all.size(); first += rows_at_a_time) {
        const auto rows = std::span(all).subspan(first, std::min(rows_at_a_time, all.size() - first));
        batch.draw(images, rows);
        loss += static_cast<double>(network.last->forward(network.predict(batch.x), batch.t))
                * static_cast<double>(rows.size());
        right += static_cast<double>(network.right(batch.t));
    }
    const double count = static_cast<double>(all.size());
    return {static_cast<T>(loss / count), right / count};
}

} // namespace gradparity
