// The tests of the port, by the files of src that they are for.

#include <cstdio>

#include "check.hpp"

void test_exp();
void test_layers();
void test_network();
void test_numerical();
void test_optimizers();
void test_training();
void test_timing();
void test_wire();
void test_operations();
void test_serve();

int main() {
    test_exp();
    test_layers();
    test_network();
    test_numerical();
    test_optimizers();
    test_training();
    test_timing();
    test_wire();
    test_operations();
    test_serve();
    std::puts(failures == 0 ? "all tests pass" : "some tests fail");
    return failures == 0 ? 0 : 1;
}
