/* Closed-loop Modbus TCP load: every connection has one request of function 3 at address 0 on its way.
 * Every byte of every answer is compared with what must come.
 *
 * usage: modbus_load PORT CONNECTIONS SECONDS UNIT DATA    DATA: the registers' bytes in hex
 * prints: requests_per_second p50_us p99_us slowest_us errors answers; the first four are those
 * after a warm-up, the last two of all */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const double WARM_UP = 0.05;

enum { HEADER = 9, LARGEST = 259, EVENTS = 256, SAMPLES = 2000000 };

struct client {
    int fd, received;
    unsigned short transaction;
    double sent;
    unsigned char answer[LARGEST + 1];
};

static unsigned char expected[LARGEST];
static int expected_size, registers, unit;
static long errors, done, answers;
static float *latencies;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Fill in the answer to transaction 0: MBAP header, function, byte count, data. */
static void expect(const char *data) {
    registers = strlen(data) / 4;
    if (registers < 1 || registers > 125) exit(2);
    expected_size = HEADER + 2 * registers;
    unsigned char header[HEADER] = {0, 0, 0, 0, 0, 3 + 2 * registers, unit, 3, 2 * registers};
    memcpy(expected, header, HEADER);
    for (int i = 0; i < 2 * registers; i++) {
        unsigned byte;
        if (sscanf(data + 2 * i, "%2x", &byte) != 1) exit(2);
        expected[HEADER + i] = byte;
    }
}

static void ask(struct client *client) {
    unsigned short id = ++client->transaction;
    unsigned char request[12] = {id >> 8, id, 0, 0, 0, 6, unit, 3, 0, 0, 0, registers};
    client->received = 0;
    client->sent = now();
    if (send(client->fd, request, sizeof request, 0) != sizeof request) fail("send");
}

static int as_expected(const struct client *client) {
    unsigned short id = client->answer[0] << 8 | client->answer[1];
    return client->received == expected_size && id == client->transaction &&
           !memcmp(client->answer + 2, expected + 2, expected_size - 2);
}

static void listen_to(struct client *client, int counting) {
    int size = recv(client->fd, client->answer + client->received,
                    sizeof client->answer - client->received, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) fail("the server closed a connection");
    client->received += size;
    int complete = client->received >= HEADER && client->received >= 6 + client->answer[5];
    if (!complete) return;
    answers++;
    if (!as_expected(client)) errors++;
    if (counting && done < SAMPLES) latencies[done++] = (now() - client->sent) * 1e6;
    ask(client);
}

static void join(struct client *client, int port, int poll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, client->fd, &event)) fail("epoll_ctl");
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    int port = atoi(argv[1]), count = atoi(argv[2]), poll = epoll_create1(0), counting = 0;
    double seconds = atof(argv[3]), start = 0, time;
    unit = atoi(argv[4]);
    expect(argv[5]);
    latencies = malloc(SAMPLES * sizeof *latencies);
    struct client *clients = calloc(count, sizeof *clients);
    if (!latencies || !clients) fail("memory");
    for (int i = 0; i < count; i++) join(&clients[i], port, poll);
    double warm = now() + WARM_UP, end = warm + seconds;
    for (int i = 0; i < count; i++) ask(&clients[i]);
    struct epoll_event events[EVENTS];
    while ((time = now()) < end || !done) {
        if (!counting && time >= warm) counting = 1, start = time;
        int ready = epoll_wait(poll, events, EVENTS, 200);
        for (int i = 0; i < ready; i++) listen_to(events[i].data.ptr, counting);
    }
    double elapsed = now() - start;
    qsort(latencies, done, sizeof *latencies, ascending);
    printf("%.0f %.0f %.0f %.0f %ld %ld\n", done / elapsed, latencies[done / 2],
           latencies[done * 99 / 100], latencies[done - 1], errors, answers);
    return 0;
}
