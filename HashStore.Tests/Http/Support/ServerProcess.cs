using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using HashStore.Storage;
using HashStore.Tests.Support;
using Mono.Unix.Native;

namespace HashStore.Tests.Http.Support;

/// <summary>
/// The server as a process of its own, on a port that the system picks and on the database of <see cref="Databases.OfPrograms"/>. Its folder is removed with it unless the test brought one.
/// Disposing ends the process, and so does the end of the tests.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    /// <summary>A process that says nothing for so long hangs; only then it matters.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly StringBuilder standardOutput = new();
    private readonly StringBuilder standardError = new();
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TempFolder? ownFolder;

    private ServerProcess(string? root, IReadOnlyList<string> switches)
    {
        ownFolder = root is null ? new TempFolder() : null;
        Root = root ?? ownFolder!["root"];
        Store = new StoreOptions
        {
            Paths = StorePaths.For(Root, null), Provider = Databases.OfPrograms, ConnectionString = StoreDatabases.ConnectionString(Databases.OfPrograms, Root),
        };
        process = new Process { StartInfo = StartInfo(Store, switches) };
        process.OutputDataReceived += (_, line) => Take(standardOutput, line.Data);
        process.ErrorDataReceived += (_, line) => Take(standardError, line.Data);
        AppDomain.CurrentDomain.ProcessExit += EndWithTests;
        process.Start();
        Pid = process.Id;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Switches of tests that are about the embedded database.</summary>
    public static string[] Embedded { get; } = [$"--HashStore:Database:Provider={DatabaseProvider.Sqlite}", "--HashStore:Database:ConnectionString="];

    public string Root { get; }

    /// <summary>What the store is opened with, for looks past the server.</summary>
    public StoreOptions Store { get; }

    public string State => Path.Combine(Root, ".hashstore");

    public int Pid { get; }

    public Uri Url { get; private set; } = null!;

    public string AdminToken { get; private set; } = "";

    /// <summary>Requests to it, with the administrator's token unless another is given.</summary>
    public ServerClient Client { get; private set; } = null!;

    public string StandardOutput => Text(standardOutput);

    public string StandardError => Text(standardError);

    /// <summary>Starts a server and waits until it is healthy.</summary>
    /// <param name="root">ROOT; null: a new folder that goes with the process.</param>
    /// <param name="switches">Further switches, such as <c>--HashStore:MaxUploadBytes=5</c>.</param>
    public static async Task<ServerProcess> StartAsync(string? root = null, params string[] switches)
    {
        var server = new ServerProcess(root, switches);
        try
        {
            var ended = server.process.WaitForExitAsync();
            if (await Task.WhenAny(server.listening.Task, ended).WaitAsync(Patience) == ended)
            {
                throw new InvalidOperationException($"The server ended with {server.process.ExitCode}: {server.StandardError}{server.StandardOutput}");
            }

            server.Url = await server.listening.Task;
            server.AdminToken = (await File.ReadAllTextAsync(Path.Combine(StateOf(server.Root, switches), "admin-token"))).Trim();
            server.Client = new ServerClient(server.Url, server.AdminToken);
            var health = await server.Client.GetAsync("/healthz");
            return health.Status == 200 ? server : throw new InvalidOperationException($"/healthz says {health.Status}: {health.Text}");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server that is expected to refuse, and waits for its end.</summary>
    public static async Task<(int ExitCode, string StandardOutput, string StandardError)> RunToEndAsync(string? root, params string[] switches)
    {
        await using var server = new ServerProcess(root, switches);
        await server.process.WaitForExitAsync().WaitAsync(Patience);
        return (server.process.ExitCode, server.StandardOutput, server.StandardError);
    }

    /// <summary>SIGTERM; returns at once.</summary>
    public void Terminate() => Signal(Signum.SIGTERM);

    /// <summary>SIGTERM and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Terminate();
        return await ExitAsync();
    }

    /// <summary>Waits for the end; the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        Signal(Signum.SIGKILL);

        // The end of the process, not of its output: WaitForExitAsync would wait for that too.
        if (!await Task.Run(() => process.WaitForExit(Patience)))
        {
            throw new TimeoutException($"A killed server is still there: {await File.ReadAllTextAsync($"/proc/{process.Id}/status")}");
        }
    }

    /// <summary>A connection without a client's manners.</summary>
    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Url);

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndWithTests;
        Client?.Dispose();
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
        ownFolder?.Dispose();
    }

    private static string StateOf(string root, string[] switches) =>
        Array.IndexOf(switches, "--state") is var at and >= 0 ? switches[at + 1] : Path.Combine(root, ".hashstore");

    private static ProcessStartInfo StartInfo(StoreOptions store, IReadOnlyList<string> switches)
    {
        var host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        var info = new ProcessStartInfo(host)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };

        // What the machine's environment sets is no business of the tests.
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("HashStore__", StringComparison.Ordinal)
            || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || name.StartsWith("Logging__", StringComparison.Ordinal)).ToList())
        {
            info.Environment.Remove(name);
        }

        // Not as switches: those are a test's own, and win.
        if (store.ConnectionString is not null)
        {
            info.Environment["HashStore__Database__Provider"] = $"{store.Provider}";
            info.Environment["HashStore__Database__ConnectionString"] = store.ConnectionString;
        }

        string[] all = [Path.Combine(AppContext.BaseDirectory, "HashStore.Server.dll"), "--root", store.Paths.Root, "--urls", "http://127.0.0.1:0", .. switches];
        foreach (var argument in all)
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }

    private static string Text(StringBuilder lines)
    {
        lock (lines)
        {
            return lines.ToString();
        }
    }

    private void Take(StringBuilder lines, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.AppendLine(line);
        }

        if (Greeting().Match(line) is { Success: true } greeting)
        {
            listening.TrySetResult(new Uri(greeting.Groups[1].Value));
        }
    }

    private void Signal(Signum signal)
    {
        if (!process.HasExited)
        {
            _ = Syscall.kill(Pid, signal);
        }
    }

    private void EndWithTests(object? sender, EventArgs arguments) => Signal(Signum.SIGKILL);

    [GeneratedRegex(@"^HashStore listens on (http://\S+)$")]
    private static partial Regex Greeting();
}
