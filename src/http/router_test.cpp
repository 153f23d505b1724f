#include "http/router.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"

namespace hedgerow::http {

namespace {

using ::testing::ElementsAre;

Handler says(const std::string& word) {
  return [word](Request&) { return Response::of(200, "text/plain", word); };
}

class RouterTest : public ::testing::Test {
 protected:
  Response answer(std::string method, std::string path) {
    request_ = Request{};
    request_.method = std::move(method);
    request_.path = std::move(path);
    router_.resolve(request_);
    return router_.answer(request_);
  }
  base::Code refusal_of(std::string method, std::string path) {
    try {
      (void)answer(std::move(method), std::move(path));
    } catch (const base::Failure& failure) {
      return failure.code();
    }
    ADD_FAILURE() << "was answered";
    return base::Code::InternalFault;
  }

  Router router_;
  Request request_;
};

TEST_F(RouterTest, a_place_takes_one_segment_and_the_last_slash_is_optional) {
  router_.add("GET", "/api/fabrics/{id}/runs/", says("runs"));
  EXPECT_EQ(answer("GET", "/api/fabrics/7/runs/").body, "runs");
  EXPECT_EQ(request_.route, "/api/fabrics/{id}/runs/");
  EXPECT_EQ(request_.parameter("id"), "7");
  EXPECT_EQ(answer("GET", "/api/fabrics/7/runs").body, "runs");
  EXPECT_EQ(refusal_of("GET", "/api/fabrics/7/8/runs/"), base::Code::NotFound);
  EXPECT_EQ(refusal_of("GET", "/api/fabrics/runs/"), base::Code::NotFound);
}

TEST_F(RouterTest, a_literal_wins_over_a_place_and_a_dead_end_is_left_again) {
  router_.add("GET", "/objects/{id}/", says("one"));
  router_.add("GET", "/objects/export/", says("export"));
  router_.add("GET", "/objects/{id}/notes/", says("notes"));
  EXPECT_EQ(answer("GET", "/objects/export/").body, "export");
  EXPECT_EQ(answer("GET", "/objects/5/").body, "one");
  EXPECT_EQ(answer("GET", "/objects/export/notes/").body, "notes");
  EXPECT_EQ(request_.parameter("id"), "export");
}

TEST_F(RouterTest, places_have_their_own_names_per_method) {
  router_.add("GET", "/fabrics/{id}/", says("get"));
  router_.add("DELETE", "/fabrics/{fabric}/", says("delete"));
  (void)answer("DELETE", "/fabrics/9/");
  EXPECT_EQ(request_.parameter("fabric"), "9");
}

TEST_F(RouterTest, another_method_is_405_and_names_those_that_are_possible) {
  router_.add("GET", "/fabrics/", says("list"));
  router_.add("POST", "/fabrics/", says("make"));
  EXPECT_EQ(refusal_of("DELETE", "/fabrics/"), base::Code::MethodNotAllowed);
  EXPECT_EQ(router_.allowed("/fabrics"), "GET, HEAD, POST");
  EXPECT_EQ(router_.allowed("/nowhere/"), "");
}

TEST_F(RouterTest, head_follows_get) {
  router_.add("GET", "/fabrics/", says("list"));
  EXPECT_EQ(answer("HEAD", "/fabrics/").body, "list");
  router_.add("POST", "/runs/", says("run"));
  EXPECT_EQ(refusal_of("HEAD", "/runs/"), base::Code::MethodNotAllowed);
}

TEST_F(RouterTest, the_fallback_takes_get_of_what_nobody_has_and_nothing_else) {
  router_.add("POST", "/runs/", says("run"));
  router_.fallback(says("page"));
  EXPECT_EQ(answer("GET", "/fabrics/7").body, "page");
  EXPECT_EQ(request_.route, "");
  EXPECT_EQ(answer("GET", "/").body, "page");
  EXPECT_EQ(refusal_of("GET", "/runs/"), base::Code::MethodNotAllowed);
  EXPECT_EQ(refusal_of("POST", "/fabrics/7"), base::Code::NotFound);
}

TEST_F(RouterTest, the_root_is_a_path_like_others) {
  router_.add("GET", "/", says("root"));
  EXPECT_EQ(answer("GET", "/").body, "root");
}

TEST_F(RouterTest, the_check_before_speaks_first_even_for_what_does_not_exist) {
  router_.add("GET", "/api/fabrics/", says("list"));
  router_.before([](Request& request) {
    if (!request.header("Cookie"))
      throw base::Failure{base::Code::SessionMissing, base::Cause::Denied};
    request.caller = std::string{"alice"};
  });
  EXPECT_EQ(refusal_of("GET", "/api/fabrics/"), base::Code::SessionMissing);
  EXPECT_EQ(refusal_of("DELETE", "/api/fabrics/"), base::Code::SessionMissing);
  EXPECT_EQ(refusal_of("GET", "/api/nothing/"), base::Code::SessionMissing);
}

TEST_F(RouterTest, says_limits_and_all_its_routes) {
  router_.add("POST", "/uploads/", says(""), {.body_max = 12});
  router_.add("GET", "/uploads/", says(""));
  request_.method = "POST";
  request_.path = "/uploads";
  EXPECT_EQ(router_.resolve(request_).body_max.value_or(5), 12U);
  request_.method = "GET";
  EXPECT_EQ(router_.resolve(request_).body_max.value_or(5), 5U);
  ASSERT_EQ(router_.routes().size(), 2U);
  EXPECT_EQ(router_.routes().front().method, "POST");
  EXPECT_EQ(router_.routes().front().pattern, "/uploads/");
}

}  // namespace

}  // namespace hedgerow::http
