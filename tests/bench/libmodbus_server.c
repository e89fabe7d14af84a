/* The peer: a libmodbus server on one epoll loop. Holding register n holds n; any unit id is served.
 * Prints its port on 127.0.0.1 and serves until it is killed. */
#include <arpa/inet.h>
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REGISTERS = 300, EVENTS = 256 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int listen_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 1024)) fail("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size)) fail("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int poll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
}

static void accept_one(int poll, int listener) {
    int on = 1, fd = accept(listener, NULL, NULL);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(poll, fd);
}

static void serve_one(modbus_t *modbus, modbus_mapping_t *map, int fd) {
    unsigned char request[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_set_socket(modbus, fd);
    int size = modbus_receive(modbus, request);
    if (size < 0)
        close(fd);
    else if (size > 0)
        modbus_reply(modbus, request, size, map);
}

int main(void) {
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, REGISTERS, 0);
    if (!modbus || !map) fail("libmodbus");
    for (int i = 0; i < REGISTERS; i++) map->tab_registers[i] = i;
    int poll = epoll_create1(0), listener = listen_somewhere();
    watch(poll, listener);
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_one(poll, listener);
            else
                serve_one(modbus, map, events[i].data.fd);
        }
    }
}
