// Starting the Python process, talking with it, and clearing up behind it.
#include "peers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace equipoise::bench {

namespace {
PythonPeers* shared = nullptr;

/// A folder of this process alone, in that for temporary files. Throws if something of its name is there.
std::filesystem::path new_folder() {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("equipoise-bench-" + std::to_string(getpid()));
  if (!std::filesystem::create_directory(folder)) throw std::runtime_error(folder.string() + " is there already");
  return folder;
}
}  // namespace

PythonPeers* python_peers() { return shared; }
void set_python_peers(PythonPeers* peers) { shared = peers; }

PythonPeers::PythonPeers(const std::filesystem::path& program) {
  folder_ = new_folder();
  int down[2], up[2];
  if (pipe(down) != 0 || pipe(up) != 0) throw std::runtime_error("no pipe could be made for the peers");
  child_ = fork();
  if (child_ < 0) throw std::runtime_error("the peers could not be started");
  if (child_ == 0) {
    dup2(down[0], STDIN_FILENO);
    dup2(up[1], STDOUT_FILENO);
    for (const int end : {down[0], down[1], up[0], up[1]}) close(end);
    execl("/usr/bin/python3", "python3", program.c_str(), folder_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(down[0]);
  close(up[1]);
  to_ = fdopen(down[1], "w");
  from_ = fdopen(up[0], "r");
}

PythonPeers::~PythonPeers() {
  if (to_ != nullptr) std::fclose(to_);  // the child sees the end of its input and ends
  if (from_ != nullptr) std::fclose(from_);
  int status = 0;
  if (child_ > 0) waitpid(child_, &status, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string PythonPeers::ask(const std::string& line) {
  std::fputs((line + "\n").c_str(), to_);
  std::fflush(to_);
  char buffer[4096];
  if (std::fgets(buffer, sizeof buffer, from_) == nullptr)
    throw std::runtime_error("the Python peers ended at: " + line);
  std::string answer = buffer;
  while (!answer.empty() && answer.back() == '\n') answer.pop_back();
  if (answer.rfind("error", 0) == 0) throw std::runtime_error("the Python peers: " + answer + " at: " + line);
  return answer;
}

void hand_over(const std::filesystem::path& file, const void* data, std::size_t bytes) {
  std::FILE* to = std::fopen(file.c_str(), "wb");
  if (to == nullptr) throw std::runtime_error("cannot write what the peers need");
  const std::size_t written = std::fwrite(data, 1, bytes, to);
  if (std::fclose(to) != 0 || written != bytes) throw std::runtime_error("no room for what the peers need");
}

}  // namespace equipoise::bench
