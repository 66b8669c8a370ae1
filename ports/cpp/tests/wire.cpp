#include "../src/wire.hpp"

#include <cstdio>
#include <memory>

#include "../src/request.hpp"
#include "check.hpp"
#include "same.hpp"

using namespace gradparity;
using namespace std::string_literals;

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File file_of(const std::string& bytes) {
    File file(std::tmpfile(), std::fclose);
    std::fwrite(bytes.data(), 1, bytes.size(), file.get());
    std::rewind(file.get());
    return file;
}

std::string refused(const std::string& bytes) {
    return thrown([&] { decode(file_of(bytes).get()); });
}

std::string record(const std::string& header, const std::string& data = std::string(64, '\0')) {
    const std::string length{static_cast<char>(header.size()), '\0'};
    return "load arrays=x\n\x93NUMPY\x01" + std::string(1, '\0') + length + header + data;
}

Array in_columns(Array array) {
    array.fortran_order = true;
    return array;
}

Message message() {
    return {"load",
            {{"empty", ""}, {"text", "100 % \u00e9\n="}},
            {{"scalar", array<double>({}, std::vector{-0.0})},
             {"row", in_columns(array<float>({1, 3}, std::vector{1.5f, 2.5f, 1e-45f}))},
             {"none", array<float>({0}, std::vector<float>{})},
             {"t", array<std::int32_t>({4}, std::vector{0, -1, 2147483647, -5})},
             {"images", in_columns(array<std::uint8_t>({2, 3}, std::vector<std::uint8_t>{0, 1, 127, 128, 254, 255}))},
             {"cube", array<double>({2, 1, 3}, std::vector{1.0, 2.0, 3.0, 4.0, 5.0, 6.0})},
             {"four", in_columns(array<float>({1, 2, 2, 1}, std::vector{1.0f, 2.0f, 3.0f, 4.0f}))},
             {"most", array<std::uint8_t>(Shape(32, 1), std::vector<std::uint8_t>{7})},
             {"flat", array<double>(Shape(30, 0), std::vector<double>{})},
             {"long", array<double>({20'000}, std::vector(20'000, 0.1))}}};
}

void what_is_written_is_read() {
    const File file = file_of("");
    encode(file.get(), message());
    encode(file.get(), message());
    const long end = std::ftell(file.get());
    std::rewind(file.get());
    expect(decode(file.get()) == message());
    expect(decode(file.get()) == message());
    expect(std::ftell(file.get()) == end && decode(file.get()) == std::nullopt);
}

void headers_of_other_writers_are_read() {
    const std::string bytes =
        record("{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"<i4\"}\n", std::string("\1\0\0\0\2\0\0\0", 8));
    const Array expected = in_columns(array<std::int32_t>({2}, std::vector{1, 2}));
    expect(decode(file_of(bytes).get())->arrays[0].second == expected);
}

/// By rows, element (i, j, k, ...) has the digits of its index, and by columns it comes at another place.
void arrays_of_any_dimensions_become_rows() {
    const auto rows = [](const Array& array) { return elements<std::int32_t>({{"x", array}}, "x", array.shape); };
    const std::vector cube{0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112};
    expect(rows(array<std::int32_t>({2, 2, 3}, cube)) == cube);
    const std::vector by_columns{0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112};
    expect(rows(in_columns(array<std::int32_t>({2, 2, 3}, by_columns))) == cube);
    const std::vector four{0, 1, 100, 101, 1000, 1001, 1100, 1101, 2000, 2001, 2100, 2101};
    expect(rows(array<std::int32_t>({3, 2, 1, 2}, four)) == four);
    const std::vector four_by_columns{0, 1000, 2000, 100, 1100, 2100, 1, 1001, 2001, 101, 1101, 2101};
    expect(rows(in_columns(array<std::int32_t>({3, 2, 1, 2}, four_by_columns))) == four);
    expect(rows(in_columns(array<std::int32_t>({2, 0, 3}, std::vector<std::int32_t>{}))).empty());
}

void malformed_lines_are_refused() {
    for (const std::string line :
         {"\n", " hello\n", "hello \n", "hello  a=1\n", "hell0\n", "hello protocol\n", "hello =1\n", "hello a=1 a=2\n",
          "hello a=%2\n", "hello a=%zz\n", "hello a=%+1\n", "hello a=%FF\n", "hello a=\xff\n", "load arrays=\n",
          "load arrays=x,\n", "load arrays=x,x\n", "load arrays=x a=1\n", "hello"})
        expect(refused(line).starts_with("expected "), line);
    expect(refused(std::string(70'000, 'a')).starts_with("expected a line of at most 65536 bytes"));
}

void malformed_records_are_refused() {
    for (const std::string header :
         {"", "{}", "(2,)", "{'descr': '<f8', 'fortran_order': False}",
          "{'descr': '<f8', 'fortran_order': 0, 'shape': ()}", "{'descr': '<f8', 'fortran_order': False, 'shape': (2)}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (,)}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (1,,2)}",
          "{'descr': '<f8' 'fortran_order': False, 'shape': ()}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': 1}",
          "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}"})
        expect(refused(record(header)).starts_with("array x: not a valid .npy header"), header);
    for (const std::string descr : {"|O", ">f8", "<i8", "<c16", "|i1", "<u1"})
        expect(refused(record("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (), }"))
                   .starts_with("array x: expected dtype"),
               descr);
    std::string many = "(";
    for (int dimension = 0; dimension < 33; ++dimension)
        many += "1,";
    for (const std::string& shape : {many + ")", "(4294967296, 4294967296)"s, "(2000000000,)"s,
                                     "(0, 1152921504606846976)"s, "(9223372036854775808, 0)"s})
        expect(refused(record("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }"))
                   .starts_with("array x: expected at most"),
               shape);
    expect_same(refused("load arrays=x\n\x93NUM"), "array x: expected 8 more bytes, the stream ended before");
}

} // namespace

void test_wire() {
    what_is_written_is_read();
    headers_of_other_writers_are_read();
    arrays_of_any_dimensions_become_rows();
    malformed_lines_are_refused();
    malformed_records_are_refused();
}
