using Xunit;

namespace HashStore.Tests.Http.Support;

/// <summary>One server for all tests of a class.</summary>
public class ServerFixture : IAsyncLifetime
{
    internal ServerProcess Server { get; private set; } = null!;

    /// <summary>Switches that the class needs.</summary>
    protected virtual string[] Switches => [];

    public async Task InitializeAsync() => Server = await ServerProcess.StartAsync(null, Switches);

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
