/* Servers as one writes them in C. Usage: MODE WORK; prints its address, serves until it is killed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 64, PACKET = 8192, BATCH = 64, THREADS = 64 };

static int listener;
static int once;

static int bind_to_loopback(int type)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || (type == SOCK_STREAM && listen(fd, 1024)) ||
        getsockname(fd, (struct sockaddr *)&address, &length)) {
        perror("bind");
        exit(1);
    }
    printf("127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void serve(int fd)
{
    char message[SIZE];
    do {
        for (size_t got = 0; got < SIZE;) {
            ssize_t n = recv(fd, message + got, SIZE - got, 0);
            if (n <= 0)
                goto end;
            got += n;
        }
        for (size_t sent = 0; sent < SIZE;) {
            ssize_t n = send(fd, message + sent, SIZE - sent, MSG_NOSIGNAL);
            if (n <= 0)
                goto end;
            sent += n;
        }
    } while (!once);
end:
    close(fd);
}

static void *serve_one(void *fd)
{
    serve((int)(intptr_t)fd);
    return NULL;
}

static void *accept_and_serve(void *unused)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve(fd);
    }
    return unused;
}

static void threads(void)
{
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, &detached, serve_one, (void *)(intptr_t)fd))
            close(fd);
    }
}

static void prethreaded(void)
{
    pthread_t thread;
    for (int i = 1; i < THREADS; i++)
        pthread_create(&thread, NULL, accept_and_serve, NULL);
    accept_and_serve(NULL);
}

static void forking(void)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        pid_t pid = fork();
        if (pid == 0) {
            close(listener);
            serve(fd);
            _exit(0);
        }
        close(fd);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

static void datagrams(int fd)
{
    static char packet[PACKET];
    for (;;) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        ssize_t n = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &length);
        if (n >= 0)
            sendto(fd, packet, n, 0, (struct sockaddr *)&from, length);
    }
}

static void datagrams_in_batches(int fd)
{
    static char packets[BATCH][PACKET];
    static struct sockaddr_storage from[BATCH];
    static struct iovec pieces[BATCH];
    static struct mmsghdr messages[BATCH];
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            pieces[i] = (struct iovec){packets[i], PACKET};
            messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                .msg_namelen = sizeof from[i],
                .msg_iov = &pieces[i],
                .msg_iovlen = 1};
        }
        int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++)
            pieces[i].iov_len = messages[i].msg_len;
        for (int i = 0; i < n;) {
            int sent = sendmmsg(fd, messages + i, n - i, 0);
            i += sent > 0 ? sent : 1;
        }
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    once = argc > 2 && !strcmp(argv[2], "once");
    if (!strcmp(mode, "udp"))
        datagrams(bind_to_loopback(SOCK_DGRAM));
    if (!strcmp(mode, "udp-batch"))
        datagrams_in_batches(bind_to_loopback(SOCK_DGRAM));
    listener = bind_to_loopback(SOCK_STREAM);
    if (!strcmp(mode, "threads"))
        threads();
    if (!strcmp(mode, "prethreaded"))
        prethreaded();
    if (!strcmp(mode, "fork"))
        forking();
    return 2;
}
