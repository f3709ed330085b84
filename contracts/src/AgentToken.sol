// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @title Who made which agent, and what it said of itself
/// @notice One token for each published agent. Its id is the keccak256 of the agent's id, so there is no counter to keep and no
/// second token for the same agent. It stays with the creator's wallet for ever: what an agent earns goes to the creator's account,
/// which a sold token would not follow.
/// @dev Immutable: no proxy, no owner who could change what was written, no burn. An agent that is withdrawn is marked as retired.
contract AgentToken is ERC1155, AccessControlDefaultAdminRules {
    struct Agent {
        address creator;
        /// When the agent was made, in seconds since 1970, as the platform says. The block says when the token was.
        uint48 createdAt;
        bool isRetired;
        /// keccak256 of the canonical JSON (RFC 8785) at the token's URI.
        bytes32 metadataHash;
    }

    /// Mints, tells of new metadata, retires and brings back. A hot key: it can move nothing.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    mapping(uint256 id => Agent) private _agents;
    string private _contractURI;

    event AgentMinted(
        uint256 indexed id, address indexed creator, string agentId, uint48 createdAt, bytes32 metadataHash
    );
    event MetadataUpdated(uint256 indexed id, bytes32 metadataHash);
    event RetiredChanged(uint256 indexed id, bool isRetired);
    event TemplateUpdated(string template);
    /// As in ERC-7572.
    event ContractURIUpdated();

    error AlreadyMinted(uint256 id);
    error NotMinted(uint256 id);
    error Soulbound();
    error IncompleteAgent();

    /// @param template The URI of every token's JSON, with `{id}` where the client puts 64 lower-case hex digits (ERC-1155).
    /// @param collection The URI of the JSON about the collection (ERC-7572).
    /// @param admin Gives and takes roles and changes the two URIs; handed over in two steps, `adminDelay` seconds apart.
    constructor(string memory template, string memory collection, address admin, address minter, uint48 adminDelay)
        ERC1155(template)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        _contractURI = collection;
        _grantRole(MINTER_ROLE, minter);
    }

    /// @notice Gives `creator` the token of an agent.
    /// @dev A wallet with code must take ERC-1155 tokens, also one that only delegates to code (EIP-7702); else it reverts.
    function mint(address creator, string calldata agentId, uint48 createdAt, bytes32 metadataHash)
        external
        onlyRole(MINTER_ROLE)
    {
        if (bytes(agentId).length == 0 || createdAt == 0 || metadataHash == 0) revert IncompleteAgent();
        uint256 id = idOf(agentId);
        if (_agents[id].creator != address(0)) revert AlreadyMinted(id);
        // Written before the wallet is told, which may call us back.
        _agents[id] = Agent(creator, createdAt, false, metadataHash);
        emit AgentMinted(id, creator, agentId, createdAt, metadataHash);
        _mint(creator, id, 1, "");
    }

    /// @notice Says that the JSON of a token has changed. What it was before stays in the events.
    function setMetadataHash(uint256 id, bytes32 metadataHash) external onlyRole(MINTER_ROLE) {
        _requireMinted(id);
        if (metadataHash == 0) revert IncompleteAgent();
        _agents[id].metadataHash = metadataHash;
        emit MetadataUpdated(id, metadataHash);
    }

    /// @notice Says that an agent is no longer offered, or is again.
    function setRetired(uint256 id, bool isRetired) external onlyRole(MINTER_ROLE) {
        _requireMinted(id);
        _agents[id].isRetired = isRetired;
        emit RetiredChanged(id, isRetired);
    }

    /// @notice Says where the JSON of the tokens is from now on. What it says is still bound by each token's hash.
    function setTemplate(string calldata template) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setURI(template);
        emit TemplateUpdated(template);
    }

    /// @notice Says where the JSON about the collection is from now on.
    function setContractURI(string calldata collection) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _contractURI = collection;
        emit ContractURIUpdated();
    }

    /// @notice What is known of an agent. Its creator is also its token's holder. Reverts for one that has no token.
    function agentOf(uint256 id) external view returns (Agent memory) {
        _requireMinted(id);
        return _agents[id];
    }

    /// @notice How many tokens of an id there are: none or one.
    function totalSupply(uint256 id) external view returns (uint256) {
        return _agents[id].creator == address(0) ? 0 : 1;
    }

    /// @notice Where the JSON about the collection is (ERC-7572).
    function contractURI() external view returns (string memory) {
        return _contractURI;
    }

    /// @notice The token's id for an agent's id.
    function idOf(string calldata agentId) public pure returns (uint256) {
        return uint256(keccak256(bytes(agentId)));
    }

    /// @notice Nobody can be allowed to move what cannot be moved.
    function setApprovalForAll(address, bool) public pure override {
        revert Soulbound();
    }

    /// @inheritdoc ERC1155
    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC1155, AccessControlDefaultAdminRules)
        returns (bool)
    {
        return super.supportsInterface(interfaceId);
    }

    /// @dev Tokens come, and then stay.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        if (from != address(0)) revert Soulbound();
        super._update(from, to, ids, values);
    }

    function _requireMinted(uint256 id) private view {
        if (_agents[id].creator == address(0)) revert NotMinted(id);
    }
}
