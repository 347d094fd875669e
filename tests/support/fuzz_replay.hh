// A fuzz target over its seed corpus, the goldens and mutations of them, as an ordinary test: each
// test program instantiates Fuzz with its targets.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "base/file/file.hh"
#include "tests/support/folders.hh"

namespace lxvirt::xml {

struct FuzzTarget {
    std::string name;
    int (*input)(const std::uint8_t* data, std::size_t size);
    std::vector<std::string> goldens;  // folders of them
    std::size_t least = 0;             // seeds
    std::string extension = ".xml";    // of the goldens

    void run(const std::string& text) const {
        ASSERT_EQ(input(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
    }

    [[nodiscard]] std::vector<std::string> seeds() const {
        std::vector<std::string> result;
        const std::string corpus = tests_folder() + "/fuzz/corpus/" + name;
        for (const std::string& file : base::list_folder(corpus))
            result.push_back(base::read_file(corpus + "/" + file));
        for (const std::string& golden : goldens)
            for (const std::string& path :
                 documents(tests_folder() + "/golden/" + golden, extension))
                result.push_back(base::read_file(path));
        return result;
    }
};

class Fuzz : public ::testing::TestWithParam<FuzzTarget> {};

TEST_P(Fuzz, ReplaysTheCorpus) {
    ASSERT_GE(GetParam().seeds().size(), GetParam().least);
    for (const std::string& seed : GetParam().seeds()) GetParam().run(seed);
}

TEST_P(Fuzz, SurvivesCutsAndSwaps) {
    std::mt19937 random(7);  // always the same mutations
    for (const std::string& seed : GetParam().seeds()) {
        for (int i = 0; i < 20; ++i) {
            std::string text = seed;
            const std::size_t at = random() % (text.size() + 1);
            const std::size_t length = random() % 40;
            if (i % 3 == 0)
                text.erase(at, length);
            else if (i % 3 == 1)
                text.insert(at, seed.substr(random() % (seed.size() + 1), length));
            else if (at < text.size())
                text[at] = static_cast<char>('0' + random() % 80);
            GetParam().run(text);
        }
    }
}

}  // namespace lxvirt::xml
